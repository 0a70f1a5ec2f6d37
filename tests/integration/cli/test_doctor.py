"""`outreach doctor` against real servers: every line says what is wrong, since when and what to do."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from typer.testing import Result

from tests.fixtures.sandbox import Sandbox
from worker.cli.doctor import LEAST_FREE, judge_disk
from worker.dispatch.duty import SHARED, Duty, perform

Outreach = Callable[..., Result]
Examine = Callable[..., dict[str, dict[str, Any]]]

CAMPAIGN = {
    "campaign_name": "Late payments",
    "mode": "sms",
    "source": "+15125550100",
    "body": "Hello",
}
MAILS = {
    "campaign_name": "Letters",
    "mode": "email",
    "source": "office@example.com",
    "subject": "Hello",
    "text": "Hello",
}

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
    real = {"TWILIO_API_URL": "http://nowhere.invalid"}

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


def test_what_the_accounts_and_our_own_address_say_is_told(
    examine: Examine, outreach: Outreach, sandbox: Sandbox, tmp_path: Path
) -> None:
    campaign = tmp_path / "campaign.json"
    assert "no campaign sends mail" in examine()["SendGrid account"]["found"]
    for fields in (CAMPAIGN, MAILS):
        campaign.write_text(json.dumps(fields), encoding="utf-8")
        assert outreach("campaign", "create", str(campaign)).exit_code == 0
    accounts = {
        "TWILIO_API_URL": sandbox.url,
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "SENDGRID_API_URL": sandbox.url,
        "SENDGRID_API_KEY": sandbox.api_key,
    }
    told = ("Twilio account", "SendGrid account", "sender +15125550100")
    with_all = examine(**accounts)
    assert all(with_all[what]["well"] for what in told)
    assert with_all["PUBLIC_URL"]["found"].startswith("nobody answers there")
    before = sandbox.summary()

    wrong = examine(**accounts | {"TWILIO_AUTH_TOKEN": "hidden", "SENDGRID_API_KEY": "hidden"})

    assert [wrong[what]["well"] for what in told[:2]] == [False, False]
    assert "TWILIO_AUTH_TOKEN" in wrong[told[0]]["advice"]
    assert "hidden" not in json.dumps(wrong)
    assert sandbox.summary() == before, "nobody was contacted"
