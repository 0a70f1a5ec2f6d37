"""Expiry, deletion and removal close what waits: the same history ends the same, whoever closes it."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Engine, func, text, update

from tests.factories import (
    SECOND,
    counted_equals_recount,
    make_attempt,
    make_request,
    queue_row,
    queue_up,
    read_request,
)
from worker.domain.statuses import AttemptState, RequestStatus
from worker.store import closing, schema
from worker.store.connect import in_transaction

LOST, UNKNOWN = "LOST", "UNKNOWN"
"""Attempts without an outcome: proven never sent, and counted all the same."""


def expire(engine: Engine, request: int) -> None:
    _change_batch(engine, expires_on=func.clock_timestamp() - SECOND)
    in_transaction(engine, closing.close_pending, 100)


def delete(engine: Engine, request: int) -> None:
    _change_batch(engine, deleted_at=func.clock_timestamp(), deleted_reason="by mistake")
    in_transaction(engine, closing.close_pending, 100)


def remove(engine: Engine, request: int) -> None:
    row = read_request(engine, request)
    in_transaction(engine, closing.remove, row["batch"], [row["reference_id"]], "Ana")


def _change_batch(engine: Engine, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.batch).values(**values))


HOW = [expire, delete, remove]
# What each attempt came to, oldest first, and what the request ends as.
ENDS: dict[str, tuple[Sequence[str], tuple[str, str]]] = {
    "nobody was tried": ([], ("CANCELED", "CANCELED")),
    "busy": (["BUSY"], ("FAILED", "BUSY")),
    "an attempt that got lost": ([LOST], ("CANCELED", "CANCELED")),
    "an attempt of which nothing came": ([UNKNOWN], ("FAILED", "NO_OUTCOME")),
    "busy, then one that got lost": (["BUSY", LOST], ("FAILED", "BUSY")),
    "busy, then one of which nothing came": (["BUSY", UNKNOWN], ("FAILED", "BUSY")),
    "busy, then no answer, then lost twice": (
        ["BUSY", "NO-ANSWER", LOST, LOST],
        ("FAILED", "NO-ANSWER"),
    ),
    "never rang": (["CANCELED"], ("CANCELED", "CANCELED")),
    "never rang, then one that got lost": (["CANCELED", LOST], ("CANCELED", "CANCELED")),
    "busy, then never rang": (["BUSY", "CANCELED"], ("FAILED", "BUSY")),
    "busy, then never rang, then lost": (["BUSY", "CANCELED", LOST], ("FAILED", "BUSY")),
    "never rang, then busy": (["CANCELED", "BUSY"], ("FAILED", "BUSY")),
}


@pytest.mark.parametrize("how", HOW, ids=lambda how: how.__name__)
@pytest.mark.parametrize("case", ENDS)
def test_a_history_ends_the_same_whoever_closes_it(
    engine: Engine, case: str, how: Callable[[Engine, int], None]
) -> None:
    tries, end = ENDS[case]
    request = make_request(engine)
    for outcome in tries:
        _try(engine, request, outcome)

    how(engine, request)

    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == end
    assert queue_row(engine, request) is None
    assert counted_equals_recount(engine)


@pytest.mark.parametrize("how", HOW, ids=lambda how: how.__name__)
def test_what_a_request_was_before_anybody_was_tried_is_no_outcome(
    engine: Engine, how: Callable[[Engine, int], None]
) -> None:
    request = make_request(engine, status=RequestStatus.INVALID)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE communication_request SET request_status = 'PENDING', moved_by = 'operator'"
            )
        )
    queue_up(engine, request)
    _try(engine, request, UNKNOWN)

    how(engine, request)

    assert read_request(engine, request)["channel_manager_status"] == "NO_OUTCOME"


def _try(engine: Engine, request: int, outcome: str) -> None:
    """One attempt that begins, comes to something, and leaves the request waiting for the next."""
    attempt = make_attempt(engine, request=request, state=AttemptState.SENDING)
    state = {LOST: "NOT_SENT", UNKNOWN: "UNRESOLVED"}.get(outcome, "DONE")
    status = "PENDING" if outcome in {LOST, UNKNOWN} else outcome
    with engine.begin() as connection:
        connection.execute(
            update(schema.attempt)
            .where(schema.attempt.c.id == attempt)
            .values(
                state=state,
                counted=state != "NOT_SENT",
                check_at=None,
                closed_at=func.clock_timestamp(),
            )
        )
        counted = schema.request.c.attempt_count - int(state == "NOT_SENT")
        connection.execute(
            update(schema.request)
            .where(schema.request.c.id == request)
            .values(request_status="PENDING", channel_manager_status=status, attempt_count=counted)
        )
    queue_up(engine, request)
