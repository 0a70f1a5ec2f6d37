"""Hours that were edited hold from the moment they are stored, for what was claimed before as well."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, Engine

from tests.factories import (
    MINUTE,
    SECOND,
    database_time,
    lease,
    make_batch,
    make_campaign,
    make_request,
    queue_row,
)
from tests.integration.store.test_fences import _attempts, _fill, _wait_until_it_sends
from tests.samples import sample
from worker.desk.campaigns import update_campaign
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.statuses import Channel
from worker.store import attempts
from worker.store.connect import connect, in_transaction
from worker.store.errors import StoreUnavailable
from worker.store.queue import Chunk

RACES = sample(40, 200)
WORKERS = 4
LIMITS = ScanLimits(lease=MINUTE, chunk_size=3, backlog_chunks=4)


def test_nothing_begins_after_any_edit_that_closes_the_hours(
    engine: Engine, database_url: str
) -> None:
    campaign = make_campaign(engine)
    batch = make_batch(engine, campaign=campaign)
    in_transaction(engine, _fill, batch)
    closed = days_around(engine)
    begun_while_closed = 0
    with hammering(database_url):
        for _ in range(RACES):
            _wait_until_it_sends(engine)
            update_campaign(engine, str(campaign), {"holidays": closed}, by="ana")
            before = _attempts(engine)
            scan(engine, LIMITS, {Channel.VOICE: 0})
            begun_while_closed += _attempts(engine) - before
            update_campaign(engine, str(campaign), {"holidays": []}, by="ana")

    assert begun_while_closed == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"holidays": ["2026-12-25"]},
        {"daily_start_time": "10:00:00"},
        {"daily_end_time": "12:00:00"},
        {"active_days": ["sun"]},
        {"timezone": "Asia/Tokyo"},
        {"date_overrides": {"2026-12-24": None}},
        {"recipient_hours": True, "recipient_end_time": "12:00:00"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_hours_take_back_every_claim_of_the_campaign(
    engine: Engine, changes: dict[str, object]
) -> None:
    campaign = make_campaign(engine)
    ours = [make_request(engine, batch=make_batch(engine, campaign=campaign)) for _ in range(2)]
    other = make_request(engine)
    for request in (*ours, other):
        lease(engine, request)

    update_campaign(engine, str(campaign), changes, by="ana")

    assert not leased(engine, ours)
    assert leased(engine, [other])


def test_other_words_leave_the_claims_alone(engine: Engine) -> None:
    campaign = make_campaign(engine)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    lease(engine, request)

    update_campaign(engine, str(campaign), {"description": "new"}, by="ana")

    assert leased(engine, [request])


def leased(engine: Engine, requests: Sequence[int]) -> bool:
    rows = [queue_row(engine, request) for request in requests]
    return any(row is not None and row["lease_token"] is not None for row in rows)


def days_around(engine: Engine) -> list[str]:
    today = database_time(engine).date()
    return [(today + timedelta(days=n)).isoformat() for n in (-1, 0, 1)]


@contextmanager
def hammering(database_url: str) -> Iterator[None]:
    """Schedulers that claim what their campaign's hours allow, each beginning it at once."""
    stop = Event()
    workers = connect(database_url, pool_size=WORKERS)
    threads = [Thread(target=hammer, args=(workers, stop)) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        workers.dispose()


def hammer(engine: Engine, stop: Event) -> None:
    while not stop.is_set():
        with suppress(StoreUnavailable):  # a busy machine is beyond a time limit now and then
            for chunk in scan(engine, LIMITS, {Channel.VOICE: 0}):
                in_transaction(engine, begin, chunk=chunk)


def begin(connection: Connection, *, chunk: Chunk) -> object:
    window, answer = 5 * SECOND, 10 * SECOND
    return attempts.begin(connection, chunk, chunk.requests, send_window=window, answer_time=answer)
