"""What time decides: closing, finishing, reopening."""

from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from tests.factories import (
    HOUR,
    SECOND,
    counted_equals_recount,
    make_attempt,
    make_batch,
    make_request,
    queue_row,
    queue_up,
    read,
    read_request,
    transitions,
)
from worker.domain.statuses import AttemptState, RequestStatus
from worker.store import closing, finished_batches, schema
from worker.store.connect import in_transaction

CLOSED: dict[str, dict[str, Any]] = {
    "expired": {"expires_in": -SECOND},
    "deleted": {"deleted_at": func.clock_timestamp(), "deleted_reason": "by mistake"},
}
CAUSES = {"expired": "expiry", "deleted": "operator"}


def close_pending(engine: Engine, limit: int = 100) -> int:
    return in_transaction(engine, closing.close_pending, limit)


def finished(engine: Engine, batch: int) -> bool:
    in_transaction(engine, finished_batches.note_finished)
    return read(engine, schema.batch, batch)["finished_at"] is not None


@pytest.mark.parametrize("why", CLOSED)
def test_who_was_never_attempted_is_canceled(engine: Engine, why: str) -> None:
    request = make_request(engine, batch=make_batch(engine, **CLOSED[why]))

    assert close_pending(engine) == 1

    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == ("CANCELED", "CANCELED")
    assert queue_row(engine, request) is None
    assert transitions(engine, request)[-1] == ("PENDING", "CANCELED", CAUSES[why])
    assert counted_equals_recount(engine)


@pytest.mark.parametrize("why", CLOSED)
def test_who_was_attempted_has_failed_with_the_last_outcome(engine: Engine, why: str) -> None:
    request = make_request(engine, batch=make_batch(engine, **CLOSED[why]))
    make_attempt(engine, request=request, state=AttemptState.DONE, status=RequestStatus.PENDING)
    outcome = read_request(engine, request)["channel_manager_status"]

    assert close_pending(engine) == 1

    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == ("FAILED", outcome)
    assert transitions(engine, request)[-1] == ("PENDING", "FAILED", CAUSES[why])
    assert counted_equals_recount(engine)


def test_an_attempt_that_was_never_sent_does_not_count_as_one(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, expires_in=-SECOND))
    make_attempt(engine, request=request, state=AttemptState.NOT_SENT)

    close_pending(engine)

    assert read_request(engine, request)["request_status"] == "CANCELED"


def test_a_call_that_was_taken_back_before_it_rang_is_canceled(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, expires_in=-SECOND))
    make_attempt(engine, request=request, state=AttemptState.DONE, status=RequestStatus.PENDING)
    _set_outcome(engine, request, "CANCELED")

    close_pending(engine)

    assert read_request(engine, request)["request_status"] == "CANCELED"


def test_an_attempt_that_got_lost_does_not_hide_the_outcome_before_it(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, expires_in=-SECOND))
    make_attempt(engine, request=request, state=AttemptState.DONE, status=RequestStatus.FAILED)
    _set_outcome(engine, request, "BUSY", status="PENDING")
    make_attempt(engine, request=request, state=AttemptState.SENDING)
    _set_outcome(engine, request, "PENDING", status="PENDING")
    queue_up(engine, request)

    close_pending(engine)

    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == ("FAILED", "BUSY")


def test_what_a_request_was_before_it_was_replaced_is_no_outcome(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=-SECOND)
    request = make_request(engine, batch=batch, status=RequestStatus.INVALID)
    _set_outcome(engine, request, "PENDING", status="PENDING")
    make_attempt(engine, request=request, state=AttemptState.SENDING)
    _set_outcome(engine, request, "PENDING", status="PENDING")
    queue_up(engine, request)

    close_pending(engine)

    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == ("FAILED", "NO_OUTCOME")


def test_attempts_under_way_live_on(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=-SECOND)
    request = make_request(engine, batch=batch, status=RequestStatus.INITIATED)

    assert close_pending(engine) == 0
    assert read_request(engine, request)["request_status"] == "INITIATED"


@pytest.mark.parametrize("values", [{}, {"expires_in": HOUR}, {"paused": True}])
def test_an_open_batch_keeps_its_requests(engine: Engine, values: dict[str, object]) -> None:
    make_request(engine, batch=make_batch(engine, **values))  # type: ignore[arg-type]  # a table

    assert close_pending(engine) == 0


def test_a_sweep_takes_a_page(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=-SECOND)
    for _ in range(3):
        make_request(engine, batch=batch)

    assert [close_pending(engine, limit=2) for _ in range(3)] == [2, 1, 0]


def test_a_request_that_is_just_beginning_is_left_alone(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, expires_in=-SECOND))

    with engine.begin() as worker:
        worker.execute(
            select(schema.request.c.id)
            .where(schema.request.c.id == request)
            .with_for_update(key_share=True)
        )
        assert close_pending(engine) == 0

    assert close_pending(engine) == 1


@pytest.mark.parametrize(
    "status", [RequestStatus.PENDING, RequestStatus.INITIATED, RequestStatus.CONNECTED]
)
def test_a_batch_with_something_open_is_not_finished(engine: Engine, status: RequestStatus) -> None:
    batch = make_batch(engine)
    make_request(engine, batch=batch, status=RequestStatus.COMPLETED)
    make_request(engine, batch=batch, status=status)

    assert not finished(engine, batch)


def test_an_empty_batch_is_not_finished(engine: Engine) -> None:
    assert not finished(engine, make_batch(engine))


def test_a_batch_is_finished_when_every_request_is_final(engine: Engine) -> None:
    batch = make_batch(engine)
    for status in (RequestStatus.COMPLETED, RequestStatus.DUPLICATE, RequestStatus.INVALID):
        make_request(engine, batch=batch, status=status)

    assert finished(engine, batch)


def test_a_finished_batch_with_new_work_is_open_again(engine: Engine) -> None:
    batch = make_batch(engine)
    make_request(engine, batch=batch, status=RequestStatus.COMPLETED)
    assert finished(engine, batch)

    make_request(engine, batch=batch)

    assert not finished(engine, batch)


def test_an_upload_that_commits_after_the_deletion_is_closed_too(engine: Engine) -> None:
    batch = make_batch(engine, **CLOSED["deleted"])
    make_request(engine, batch=batch)
    close_pending(engine)
    assert finished(engine, batch)

    late = make_request(engine, batch=batch)
    assert not finished(engine, batch)
    close_pending(engine)

    assert read_request(engine, late)["request_status"] == "CANCELED"
    assert finished(engine, batch)


def test_a_batch_keeps_the_time_it_finished_at(engine: Engine) -> None:
    batch = make_batch(engine)
    make_request(engine, batch=batch, status=RequestStatus.COMPLETED)
    finished(engine, batch)
    first = read(engine, schema.batch, batch)["finished_at"]

    finished(engine, batch)

    assert read(engine, schema.batch, batch)["finished_at"] == first


def _set_outcome(engine: Engine, request: int, outcome: str, *, status: str = "PENDING") -> None:
    with engine.begin() as connection:
        connection.execute(
            update(schema.request)
            .where(schema.request.c.id == request)
            .values(channel_manager_status=outcome, request_status=status)
        )


def open_counts(engine: Engine, batch: int) -> int:
    with engine.begin() as connection:
        return (
            connection.scalar(
                select(func.count())
                .select_from(schema.request_count)
                .where(
                    schema.request_count.c.batch == batch,
                    schema.request_count.c.request_status.in_(["PENDING", "INITIATED"]),
                )
            )
            or 0
        )


def test_of_a_finished_batch_nothing_is_left_that_counts_what_is_open(engine: Engine) -> None:
    batch = make_batch(engine, expires_in=-SECOND)
    make_request(engine, batch=batch)
    assert open_counts(engine, batch) > 0
    close_pending(engine)

    assert finished(engine, batch)

    assert open_counts(engine, batch) == 0
    assert counted_equals_recount(engine)
    make_request(engine, batch=batch)
    assert not finished(engine, batch)
    assert counted_equals_recount(engine)
