"""Calls under way at once: never more than there are places for, whoever begins them."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.factories import (
    HOUR,
    MINUTE,
    SECOND,
    lease,
    let_scan,
    make_attempt,
    make_batch,
    make_request,
    queue_row,
)
from tests.sessions import Beside
from worker.desk.plan import outlook
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import AttemptState, Channel
from worker.store import attempts, concurrency, schema
from worker.store.connect import connect, in_transaction
from worker.store.queue import Chunk

SCAN = ScanLimits(lease=MINUTE, chunk_size=100, backlog_chunks=4, concurrent_calls=5)
TIMES: dict[str, Any] = {"send_window": 5 * SECOND, "answer_time": MINUTE}


def free(engine: Engine, channel: Channel = Channel.VOICE, *, limit: int = 5) -> int | None:
    return in_transaction(engine, concurrency.free, channel, limit)


def begin(engine: Engine, chunk: Chunk, *, limit: int) -> tuple[int, dict[int, HandBack]]:
    begun, rest = in_transaction(
        engine, attempts.begin, chunk, chunk.requests, limit=limit, **TIMES
    )
    return len(begun), rest


def make_work(engine: Engine, n: int, **values: Any) -> list[int]:
    batch = make_batch(engine, **values)
    return [make_request(engine, batch=batch) for _ in range(n)]


UNDER_WAY: dict[str, tuple[AttemptState, timedelta, int]] = {
    "about to be placed": (AttemptState.SENDING, SECOND, 4),
    "in doubt: it may be ringing": (AttemptState.IN_DOUBT, MINUTE, 4),
    "ringing, or being spoken": (AttemptState.ACCEPTED, 3 * HOUR, 4),
    "without an outcome for longer than a call lasts": (AttemptState.ACCEPTED, 5 * HOUR, 5),
    "ended": (AttemptState.DONE, MINUTE, 5),
    "refused": (AttemptState.REFUSED, MINUTE, 5),
    "never sent": (AttemptState.NOT_SENT, MINUTE, 5),
    "given up": (AttemptState.UNRESOLVED, HOUR, 5),
}


@pytest.mark.parametrize(("state", "began_ago", "left"), UNDER_WAY.values(), ids=UNDER_WAY)
def test_a_call_holds_a_place_while_it_may_last(
    engine: Engine, state: AttemptState, began_ago: timedelta, left: int
) -> None:
    make_attempt(engine, state=state, began_ago=began_ago)

    assert free(engine) == left


def test_texts_and_mails_hold_none_and_need_none(engine: Engine) -> None:
    text = make_request(engine, batch=make_batch(engine, channel=Channel.SMS))
    make_attempt(engine, request=text)

    assert free(engine) == 5
    assert free(engine, Channel.SMS) is None
    assert free(engine, limit=0) is None


@pytest.mark.parametrize(("wanted", "room"), [(2, 2), (4, 4), (9, 4)])
def test_no_more_is_claimed_than_wanted_nor_than_there_are_places(
    engine: Engine, wanted: int, room: int
) -> None:
    make_attempt(engine)

    found = in_transaction(engine, concurrency.room, Channel.VOICE, 5, wanted)

    assert found == room


def test_no_more_begin_than_there_are_places_and_the_rest_may_be_claimed_again(
    engine: Engine,
) -> None:
    requests = make_work(engine, 5)

    begun, rest = begin(engine, lease(engine, *requests), limit=3)

    assert begun == 3
    assert rest == dict.fromkeys(requests[3:], "no_slot")
    waiting = [queue_row(engine, one) for one in requests]
    assert [row and row["lease_token"] for row in waiting] == [None] * 5
    assert sum(row is not None for row in waiting) == 2
    assert begin(engine, lease(engine, *requests[3:]), limit=3)[0] == 0


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_workers_that_begin_at_once_never_exceed_the_places(
    engine: Engine, database_url: str, limit: int
) -> None:
    chunks = [lease(engine, *make_work(engine, 10)) for _ in range(6)]
    together, counts = Barrier(len(chunks)), list[int]()

    def work(chunk: Chunk) -> None:
        session = connect(database_url, pool_size=1)
        together.wait()
        counts.append(begin(session, chunk, limit=limit)[0])
        session.dispose()

    threads = [Thread(target=work, args=(chunk,)) for chunk in chunks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(counts) == len(chunks)
    assert sum(counts) == limit
    assert free(engine, limit=limit) == 0


def test_a_scan_claims_what_may_begin_and_the_operator_reads_why_no_more(engine: Engine) -> None:
    for request in make_work(engine, 9, batch_id="work")[:3]:
        make_attempt(engine, request=request)

    def claimed() -> list[int]:
        return [one for chunk in scan(engine, SCAN, {Channel.VOICE: 0}) for one in chunk.requests]

    def why() -> str | None:
        return outlook(engine, "work", ceilings=Ceilings(concurrent_calls=5)).not_moving

    let_scan(engine)
    first = claimed()
    assert len(first) == 2
    assert why() is None
    begin(engine, lease(engine, *first), limit=5)
    assert claimed() == []
    assert why() == "all 5 concurrent calls are in use"
    assert outlook(engine, "work").not_moving is None


def test_a_batch_that_somebody_holds_keeps_no_other_from_beginning(engine: Engine) -> None:
    [held], [free_one] = make_work(engine, 1), make_work(engine, 1)
    blocked, chunk = lease(engine, held), lease(engine, free_one)

    with engine.connect() as operator, operator.begin():
        operator.execute(
            select(schema.batch).where(schema.batch.c.id == blocked.batch).with_for_update()
        )
        with Beside(
            engine, lambda c: attempts.begin(c, blocked, blocked.requests, limit=5, **TIMES)
        ) as beginning:
            beginning.wait_until_blocked()
            assert begin(engine, chunk, limit=5) == (1, {})
            operator.rollback()

    assert len(beginning.result()[0]) == 1
