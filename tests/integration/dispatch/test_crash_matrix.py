"""A worker dies at every boundary, whatever the provider did, whenever the callbacks come."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import cast

import pytest
from sqlalchemy import Engine

from tests.factories import (
    counted_equals_recount,
    make_batch,
    make_limits,
    make_request,
    make_timeouts,
    queue_row,
    read_request,
)
from tests.properties.world import Contact, Crash, CrashingEngine, Fate, Outside, loop_to, pass_time
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.deliver import deliver
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.rescue import rescue
from worker.dispatch.scan import ScanLimits, scan
from worker.dispatch.sweep import sweep
from worker.domain.statuses import FINAL, Channel, RequestStatus

SECOND = timedelta(seconds=1)
PATIENCE = make_timeouts()
SCAN = ScanLimits(lease=60 * SECOND, chunk_size=10, backlog_chunks=4)
DELIVERY = make_limits(
    answer_time=30 * SECOND, flush_rows=10, flush_seconds=0.01, timeouts=PATIENCE
)
ROUNDS = 12

# The transactions of a delivery, and the two sides of the contact, which fates name.
READ, BEGIN, RECORD = 1, 2, 3
POINTS: dict[str, tuple[int, str] | Fate | None] = {
    "nowhere": None,
    "before reading": (READ, "before"),
    "before begin": (BEGIN, "before"),
    "inside begin": (BEGIN, "inside"),
    "after begin": (BEGIN, "after"),
    "before the contact": Fate.CRASH_BEFORE,
    "after the contact": Fate.CRASH_AFTER,
    "before recording": (RECORD, "before"),
    "inside recording": (RECORD, "inside"),
    "after recording": (RECORD, "after"),
}
FATES = [
    Fate.ACCEPTED,
    Fate.ANSWER_LOST,
    Fate.LOST,
    Fate.REFUSED_CONNECTION,
    Fate.THROTTLED,
    Fate.INVALID,
]
ENDS = {"completed": RequestStatus.COMPLETED, "busy": RequestStatus.FAILED}
CALLBACKS = ["before the answer", "after it", "never"]
ROWS = [
    (point, fate, callbacks)
    for point, fate, callbacks in product(POINTS, FATES, CALLBACKS)
    # A point that is a fate says what the provider did; one row for each timing is enough.
    if not isinstance(POINTS[point], Fate) or fate is Fate.ACCEPTED
]


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def provider_loop(outside: Outside) -> Iterator[ProviderLoop]:
    made = loop_to(outside)
    yield made
    made.close()


@pytest.mark.sampled(50)
@pytest.mark.parametrize(("point", "fate", "callbacks"), ROWS, ids=[", ".join(r) for r in ROWS])
def test_nobody_is_contacted_twice_and_nothing_is_lost(
    shared_engine: Engine,
    outside: Outside,
    provider_loop: ProviderLoop,
    point: str,
    fate: Fate,
    callbacks: str,
) -> None:
    engine = shared_engine
    request = make_request(engine, batch=make_batch(engine))
    crash = POINTS[point]
    outside.fates = [crash if isinstance(crash, Fate) else fate]
    if callbacks == "before the answer":
        outside.on_contact = lambda contact: _tell(engine, contact)

    _die(engine, provider_loop, crash)
    _recover(engine, outside, provider_loop, request, told=callbacks != "never")

    assert max(outside.posts.values(), default=0) <= 1
    assert len(outside.ledger) <= 1, "the person was reached once, over all attempts"
    row = read_request(engine, request)
    assert row["request_status"] in FINAL
    assert queue_row(engine, request) is None
    assert counted_equals_recount(engine)
    if outside.ledger:
        (contact,) = outside.ledger.values()
        assert row["request_status"] == ENDS[contact.story[-1]]
        assert row["call_manager_sid"] == contact.sid
    else:
        assert row["request_status"] == RequestStatus.INVALID


def _die(
    engine: Engine, provider_loop: ProviderLoop, crash: "tuple[int, str] | Fate | None"
) -> None:
    """Claim, and deliver until the process is gone."""
    (chunk,) = scan(engine, SCAN, {Channel.VOICE: 0})
    dying = engine
    if isinstance(crash, tuple):
        dying = cast(Engine, CrashingEngine(engine, *crash))
    try:
        deliver(dying, provider_loop, DELIVERY, chunk)
    except Crash:
        return
    assert crash is None or (isinstance(crash, tuple) and crash[0] == RECORD)


def _recover(
    engine: Engine, outside: Outside, provider_loop: ProviderLoop, request: int, *, told: bool
) -> None:
    """Others carry on: time passes, they look, claim and send, until the request is final."""
    for _ in range(ROUNDS):
        if told:
            for contact in outside.ledger.values():
                _tell(engine, contact)
        if read_request(engine, request)["request_status"] in FINAL:
            return
        pass_time(engine, 400)
        rescue(engine, provider_loop, PATIENCE)
        sweep(engine)
        for chunk in scan(engine, SCAN, {Channel.VOICE: 0}):
            deliver(engine, provider_loop, DELIVERY, chunk)
    raise AssertionError("the request is stuck")


def _tell(engine: Engine, contact: Contact) -> None:
    """All of its callbacks, in the wrong order and one of them twice."""
    reports = [contact.report(index) for index in reversed(range(len(contact.story)))]
    for report in [*reports, reports[0]]:
        apply_reports(engine, PATIENCE, [report])
