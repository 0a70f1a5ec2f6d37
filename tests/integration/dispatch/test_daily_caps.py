"""Carriers' daily caps: what has no room today waits for the carrier's next day, and says so."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select, update

from tests.factories import (
    database_time,
    lease,
    make_batch,
    make_campaign,
    make_limits,
    make_recipient,
    make_request,
    queue_row,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.desk.request_details import show_details
from worker.dispatch.deliver import Delivered, deliver
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.source_limits import SourceLimit
from worker.domain.statuses import Channel
from worker.store import halts, schema
from worker.store.connect import in_transaction

SOURCE = "+12065550100"
LIMIT = SourceLimit("registration acme", 240, per_day=5)
LIMITED = make_limits(limit_of={SOURCE: LIMIT}.get)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def batch_of(engine: Engine, body: str = "Hello", batch_id: str = "of-a-day") -> int:
    campaign = make_campaign(engine, channel=Channel.SMS, source=SOURCE, body=body)
    return make_batch(engine, campaign=campaign, batch_id=batch_id)


def requests_of(engine: Engine, batch: int, n: int) -> list[int]:
    people = [make_recipient(engine, channel=Channel.SMS) for _ in range(n)]
    return [
        make_request(engine, batch=batch, recipient=one, reference_id=f"r{at}")
        for at, one in enumerate(people)
    ]


def send(engine: Engine, connect: Connect, requests: Sequence[int]) -> tuple[list[int], Delivered]:
    provider = FakeProvider(Channel.SMS)
    done = deliver(engine, connect(provider), LIMITED, lease(engine, *requests))
    return [one.request for one in provider.tickets], done


def counted(engine: Engine) -> int:
    with engine.begin() as connection:
        total = select(func.sum(schema.daily_segments.c.segments))
        return int(connection.scalar(total) or 0)


def test_what_exceeds_a_day_waits_for_the_carriers_next_one(
    engine: Engine, connect: Connect
) -> None:
    requests = requests_of(engine, batch_of(engine), 8)

    sent, done = send(engine, connect, requests)

    assert (sorted(sent), done.handed_back) == (requests[:5], {"day_is_full": 3})
    row = queue_row(engine, requests[-1])
    assert row is not None
    due = row["due_at"].astimezone(LOS_ANGELES)
    assert (due.hour, due.minute, due.date()) == (0, 0, due.date())
    assert timedelta(0) < due - database_time(engine) <= timedelta(hours=25)
    assert row["claims"] == 0


def test_it_is_segments_that_are_counted(engine: Engine, connect: Connect) -> None:
    sent, _ = send(engine, connect, requests_of(engine, batch_of(engine, "x" * 161), 8))

    assert (len(sent), counted(engine)) == (2, 4)


def test_other_batches_of_a_registration_find_the_day_full(
    engine: Engine, connect: Connect
) -> None:
    send(engine, connect, requests_of(engine, batch_of(engine), 5))

    other = batch_of(engine, batch_id="other")
    sent, done = send(engine, connect, requests_of(engine, other, 1))

    assert (sent, done.handed_back) == ([], {"day_is_full": 1})


def test_another_day_has_room_again(engine: Engine, connect: Connect) -> None:
    requests = requests_of(engine, batch_of(engine), 6)
    send(engine, connect, requests)
    with engine.begin() as connection:
        yesterday = schema.daily_segments.c.day - 1
        connection.execute(update(schema.daily_segments).values(day=yesterday))

    sent, _ = send(engine, connect, requests[5:])

    assert sent == requests[5:]


def test_what_does_not_begin_is_not_counted(engine: Engine, connect: Connect) -> None:
    requests = requests_of(engine, batch_of(engine), 3)
    in_transaction(engine, halts.halt, "all", "", "by hand", "ana@example.com")

    sent, _ = send(engine, connect, requests)

    assert (sent, counted(engine)) == ([], 0)


@pytest.mark.parametrize("limits", [{SOURCE: LIMIT}, {}], ids=["known", "not known"])
def test_a_request_says_that_the_day_is_full(
    engine: Engine, connect: Connect, limits: dict[str, SourceLimit]
) -> None:
    requests = requests_of(engine, batch_of(engine, batch_id="full"), 6)
    send(engine, connect, requests)

    held = show_details(engine, "full", "r5", ceilings=Ceilings(sources=limits)).held_by

    told = [one for one in held if one.startswith("carrier: today's 5 segments of registration")]
    assert len(told) == len(limits), held
