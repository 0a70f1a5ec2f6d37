"""What the holder of a claim may do with it, and nobody else: count, postpone, note a fault."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, func, select

from tests.factories import HOUR, MINUTE, SECOND, lease, make_request, queue_row
from worker.store import queue
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

Act = Callable[[Connection, Chunk], object]

ACTS: dict[str, Act] = {
    "release": queue.release,
    "count_delivery": queue.count_delivery,
    "postpone_chunk": lambda connection, chunk: queue.postpone_chunk(connection, chunk, MINUTE),
    "note_fault": lambda connection, chunk: queue.note_fault(
        connection, chunk.lease, chunk.requests[0]
    ),
}


def row_of(engine: Engine, request: int) -> Mapping[str, Any]:
    row = queue_row(engine, request)
    assert row is not None
    return row


def due_in(engine: Engine, request: int) -> timedelta:
    with engine.begin() as connection:
        now = connection.scalar(select(func.clock_timestamp()))
    waits: timedelta = row_of(engine, request)["due_at"] - now
    return waits


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_claim_that_another_holds_stays_as_it_is(engine: Engine, act: Act) -> None:
    request = make_request(engine)
    before = replace(lease(engine, request), lease=uuid4())
    held = row_of(engine, request)

    in_transaction(engine, act, before)

    assert row_of(engine, request) == held


def test_what_is_postponed_is_free_and_waits(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    assert in_transaction(engine, queue.postpone_chunk, chunk, MINUTE) == 1

    row = row_of(engine, request)
    assert (row["lease_token"], row["lease_until"]) == (None, None)
    assert MINUTE - 30 * SECOND < due_in(engine, request) <= MINUTE


def test_what_is_due_later_than_its_pause_is_not_brought_forward(engine: Engine) -> None:
    request = make_request(engine, due_in=HOUR)
    chunk = lease(engine, request)

    in_transaction(engine, queue.postpone_chunk, chunk, MINUTE)

    assert due_in(engine, request) > 30 * MINUTE


def test_faults_of_a_request_are_counted(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)

    def note() -> int:
        return in_transaction(engine, queue.note_fault, chunk.lease, request)

    assert [note(), note(), note()] == [1, 2, 3]
