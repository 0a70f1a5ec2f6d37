"""`outreach doctor` against real servers: every line says what is wrong, since when and what to do."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from typer.testing import Result

from worker.cli.doctor import LEAST_FREE, judge_disk
from worker.dispatch.duty import SHARED, Duty, perform

Outreach = Callable[..., Result]
Examine = Callable[..., dict[str, dict[str, Any]]]

pytestmark = pytest.mark.usefixtures("durable")


@pytest.fixture
def examine(outreach: Outreach, broker_url: str) -> Examine:
    """Every finding by what was looked at."""

    def ask(**settings: str) -> dict[str, dict[str, Any]]:
        done = outreach("doctor", "--json", BROKER_URL=broker_url, **settings)
        assert done.exit_code == 1, "no worker runs in a test"
        return {one["what"]: one for one in json.loads(done.stdout)["findings"]}

    return ask


@pytest.fixture
def broker(broker_url: str) -> Iterator[Redis]:
    with Redis.from_url(broker_url) as client:
        before = client.config_get("maxmemory*") | client.config_get("save")
        yield client
        for name, value in before.items():
            client.config_set(name, value)


def test_every_duty_has_its_line_with_the_moment_it_last_went_well(
    examine: Examine, engine: Engine
) -> None:
    def fail() -> None:
        raise TimeoutError

    for name in SHARED:
        perform(engine, Duty(name, lambda: None, 60))
    with engine.begin() as connection:
        connection.execute(text("UPDATE duty SET next_at = next_at - interval '1 hour'"))
    for name in SHARED[1:]:
        perform(engine, Duty(name, fail if name == "rescue" else lambda: None, 60))

    findings = examine()

    unwell = {name for name in SHARED if not findings[f"duty {name}"]["well"]}
    assert unwell == {SHARED[0], "rescue"}
    assert findings["duty rescue"]["found"] == "it fails: TimeoutError"
    assert all(findings[f"duty {name}"]["since"] for name in SHARED)


def test_a_broker_that_throws_out_what_it_holds_is_told(examine: Examine, broker: Redis) -> None:
    broker.config_set("maxmemory", 2**30)
    assert examine()["broker eviction"]["well"]

    broker.config_set("maxmemory-policy", "allkeys-lru")

    finding = examine()["broker eviction"]
    assert (finding["well"], finding["found"]) == (False, "allkeys-lru")
    assert "noeviction" in finding["advice"]


def test_a_broker_that_keeps_nothing_is_told_where_people_are_contacted(
    examine: Examine, broker: Redis
) -> None:
    assert examine()["broker persistence"]["well"], "providers on loopback contact nobody"
    real = {"TWILIO_API_URL": "http://192.0.2.1", "TWILIO_AUTH_TOKEN": "t", "LIMITS_URL": ""}

    assert not examine(**real)["broker persistence"]["well"]
    broker.config_set("save", "60 1")
    assert examine(**real)["broker persistence"]["well"]


def test_the_server_of_the_limits_is_examined_where_it_is_another(examine: Examine) -> None:
    findings = examine(LIMITS_URL="redis://:hidden@127.0.0.1:1/0")

    assert not findings["limits"]["well"]
    assert "LIMITS_URL" in findings["limits"]["advice"]
    assert "hidden" not in json.dumps(findings)


def test_a_database_by_other_rules_for_people_is_no_more_trusted_than_by_dispatch(
    examine: Examine, engine: Engine
) -> None:
    assert examine()["memory of it"]["well"]
    with engine.begin() as connection:
        connection.execute(text("UPDATE fold SET version = version + 1"))

    finding = examine()["memory of it"]

    assert not finding["well"]
    assert "outreach db upgrade" in finding["found"]


def test_a_halt_is_told_with_its_beginning(examine: Examine, outreach: Outreach) -> None:
    assert outreach("halt", "--channel", "sms", "--reason", "storm").exit_code == 0

    finding = examine()["dispatch of channel sms"]

    assert not finding["well"]
    assert finding["since"]


def test_a_disk_without_room_is_told() -> None:
    assert judge_disk(LEAST_FREE, Path("state")).well
    full = judge_disk(LEAST_FREE - 1, Path("state"))
    assert (full.well, full.found) == (False, "511 MiB are free for state")
