"""The broker of a whole house has no memory left, and gets it back: nobody is missed or called twice."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psutil
import pytest
from redis import Redis

from tests.acceptance.test_dispatch import BY, make_batch
from tests.doors import TRIGGER_STREAM
from tests.fixtures.house import Inhabited, wait_until
from worker.desk.batches import resume_batch

pytestmark = pytest.mark.turn(2)

PEOPLE = [f"+1512558{n:04}" for n in range(4000, 4030)]
ADDED = "+15125584100"


@contextmanager
def full(inhabited: Inhabited) -> Iterator[Redis]:
    """Whoever wants to write is told: OOM command not allowed."""
    with Redis.from_url(inhabited.environment["BROKER_URL"], protocol=2) as broker:
        broker.config_set("maxmemory", 1)
        try:
            yield broker
        finally:
            broker.config_set("maxmemory", 0)


def processes(inhabited: Inhabited) -> set[int]:
    """Those of this house, but for commands and whatever else lives no longer than its task."""
    mark = inhabited.environment["OUTREACH_HOUSE"]
    listed = psutil.process_iter(["pid", "environ", "cmdline"])
    return {
        one.info["pid"]
        for one in listed
        if (one.info["environ"] or {}).get("OUTREACH_HOUSE") == mark
        and "tasks.process" in (one.info["cmdline"] or ())
    }


def contacts(inhabited: Inhabited, people: list[str]) -> list[int]:
    """Count how often each of them was contacted."""
    reached = [one["to"] for one in inhabited.sandbox("ledger")]
    return [reached.count(one) for one in people]


def test_a_house_waits_for_a_full_broker_and_goes_on(inhabited: Inhabited) -> None:
    batch = f"full-{uuid4().hex[:8]}"
    make_batch(inhabited, batch, "sms", PEOPLE)
    living, before = processes(inhabited), inhabited.logs().count("publish_failed")
    person = {"reference_id": "added", "target": ADDED, "request_variables": {"name": "Ana"}}
    message = {"batch_id": batch, "requests": [person]}

    with full(inhabited):
        resume_batch(inhabited.engine, batch, by=BY)
        wait_until(lambda: inhabited.logs().count("publish_failed") > before)
        doctor = inhabited.run("doctor", "--json")
        assert doctor.returncode == 1
        assert "raise maxmemory" in doctor.stdout
        assert inhabited.show(batch)["status_counts"] == {"PENDING": len(PEOPLE)}
    with Redis.from_url(inhabited.environment["BROKER_URL"], protocol=2) as broker:
        broker.xadd(
            TRIGGER_STREAM, {"name": "outreach.add_requests", "payload": json.dumps(message)}
        )
    wait_until(lambda: inhabited.show(batch)["status_counts"] == {"COMPLETED": len(PEOPLE) + 1})

    assert contacts(inhabited, [*PEOPLE, ADDED]) == [1] * (len(PEOPLE) + 1)
    assert processes(inhabited) == living
