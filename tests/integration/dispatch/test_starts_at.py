"""A batch that starts later: nobody looks at it before, whatever happens to it, and then it goes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, func, text, update

from tests.factories import (
    HOUR,
    MINUTE,
    SECOND,
    database_time,
    make_batch,
    make_campaign,
    make_request,
)
from tests.sessions import eventually
from worker.desk.batches import update_batch
from worker.desk.plan import outlook
from worker.dispatch.scan import ScanLimits, awake, scan
from worker.domain.statuses import Channel
from worker.store import batch_pace, glance, metrics, schema
from worker.store.connect import in_transaction

LIMITS = ScanLimits(lease=MINUTE, chunk_size=100, backlog_chunks=4)


def claimed(engine: Engine) -> int:
    return sum(len(chunk.requests) for chunk in scan(engine, LIMITS, {Channel.VOICE: 0}))


def times(engine: Engine, batch: int) -> tuple[datetime, datetime]:
    """When it starts, and when it is looked at."""
    with engine.begin() as connection:
        row = connection.execute(
            text("""
                SELECT b.starts_at, p.next_claim_at FROM communication_batch AS b
                JOIN batch_pace AS p ON p.batch = b.id WHERE b.id = :batch
            """),
            {"batch": batch},
        ).one()
    return row.starts_at, row.next_claim_at


def change(engine: Engine, batch: int, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.batch).where(schema.batch.c.id == batch).values(**values))


def edit_campaign(engine: Engine, batch: int) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.campaign).values(hourly_rate=60))


def pause_and_resume(engine: Engine, batch: int) -> None:
    change(engine, batch, paused=True)
    in_transaction(engine, batch_pace.sleep, [batch])
    change(engine, batch, paused=False)


def give_back(engine: Engine, batch: int) -> None:
    in_transaction(engine, batch_pace.give_back, batch, 1)


WAKERS: dict[str, Callable[[Engine, int], object]] = {
    "it is made": lambda engine, batch: None,
    "work comes": lambda engine, batch: make_request(engine, batch=batch),
    "its campaign is edited": edit_campaign,
    "its end is moved": lambda engine, batch: change(
        engine, batch, expires_on=func.clock_timestamp() + 9 * HOUR
    ),
    "its start is moved": lambda engine, batch: change(
        engine, batch, starts_at=func.clock_timestamp() + 2 * HOUR
    ),
    "it is paused and resumed": pause_and_resume,
    "what was claimed comes back": give_back,
}


@pytest.mark.parametrize("why", WAKERS)
def test_nobody_looks_at_it_before_its_time(engine: Engine, why: str) -> None:
    batch = make_batch(engine, starts_at=func.clock_timestamp() + HOUR)
    make_request(engine, batch=batch)

    WAKERS[why](engine, batch)

    starts_at, looks_at = times(engine, batch)
    assert looks_at == starts_at
    assert (awake(engine), claimed(engine)) == ([], 0)


def test_it_goes_when_its_time_has_come(engine: Engine) -> None:
    batch = make_batch(engine, starts_at=func.clock_timestamp() + SECOND)
    make_request(engine, batch=batch)
    assert claimed(engine) == 0

    eventually(lambda: claimed(engine) == 1)
    assert times(engine, batch)[0] <= database_time(engine)


def test_one_whose_start_is_brought_forward_or_cleared_goes_at_once(engine: Engine) -> None:
    batch = make_batch(engine, batch_id="B", starts_at=func.clock_timestamp() + HOUR)
    make_request(engine, batch=batch)

    assert "starts" in str(outlook(engine, "B").not_moving)
    update_batch(engine, "B", {"starts_at": None}, by="ana@example.com")

    assert claimed(engine) == 1


def test_its_work_is_not_counted_as_overdue(engine: Engine) -> None:
    batch = make_batch(engine, starts_at=func.clock_timestamp() + HOUR)
    make_request(engine, batch=batch, due_in=-MINUTE)

    assert in_transaction(engine, glance.read_due, Channel.VOICE).n == 0
    assert in_transaction(engine, metrics.read).oldest_due_seconds == 0


def test_an_automatic_pace_is_computed_anew_when_its_start_moves(engine: Engine) -> None:
    campaign = make_campaign(engine)
    ends = func.clock_timestamp() + 9 * HOUR
    batch = make_batch(
        engine, batch_id="B", campaign=campaign, expires_on=ends, auto_call_rate=True,
        auto_call_rate_baseline=7,
    )  # fmt: skip

    later = (database_time(engine) + HOUR).isoformat()
    after = update_batch(engine, "B", {"starts_at": later}, by="ana@example.com")

    assert after.facts.auto_call_rate_baseline is None
    assert times(engine, batch)[0] == after.facts.starts_at
