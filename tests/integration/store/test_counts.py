"""Every change of a status is counted and written down, whoever makes it."""

from sqlalchemy import Engine, Update, text, update

from tests.factories import (
    counted_equals_recount,
    make_attempt,
    make_batch,
    make_request,
    transitions,
)
from tests.sessions import Beside
from worker.domain.statuses import AttemptState, RequestStatus
from worker.store import schema


def test_every_status_is_counted_as_it_arrives(engine: Engine) -> None:
    batch = make_batch(engine)
    for status in RequestStatus:
        make_request(engine, batch=batch, status=status)

    assert _counts(engine) == dict.fromkeys(RequestStatus, 1)
    assert counted_equals_recount(engine)


def test_every_attempt_state_is_counted(engine: Engine) -> None:
    for state in AttemptState:
        make_attempt(engine, state=state)

    assert counted_equals_recount(engine)


def test_a_set_of_moves_is_counted_as_one(engine: Engine) -> None:
    batch = make_batch(engine)
    for _ in range(5):
        make_request(engine, batch=batch)

    with engine.begin() as connection:
        connection.execute(_cancel_all())

    assert _counts(engine) == {"CANCELED": 5}
    assert counted_equals_recount(engine)


def test_a_move_that_is_rolled_back_is_not_counted(engine: Engine) -> None:
    request = make_request(engine)

    with engine.begin() as connection:
        connection.execute(_cancel_all())
        connection.rollback()

    assert _counts(engine) == {"PENDING": 1}
    assert transitions(engine, request) == [(None, "PENDING", "ingest")]


def test_a_new_outcome_at_the_same_status_is_counted_but_is_no_transition(engine: Engine) -> None:
    request = make_request(engine)

    with engine.begin() as connection:
        connection.execute(update(schema.request).values(channel_manager_status="BUSY"))

    assert counted_equals_recount(engine)
    assert len(transitions(engine, request)) == 1


def test_a_change_that_moves_nothing_is_neither_counted_nor_written_down(engine: Engine) -> None:
    request = make_request(engine)

    with engine.begin() as connection:
        connection.execute(update(schema.request).values(session_id=7))

    assert counted_equals_recount(engine)
    assert len(transitions(engine, request)) == 1


def test_a_transition_tells_who_why_and_which_attempt(engine: Engine) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request)

    with engine.begin() as connection:
        connection.execute(
            update(schema.request).values(
                request_status="FAILED",
                channel_manager_status="BUSY",
                moved_by="callback",
                moved_why="busy",
            )
        )
        row = connection.execute(
            text("SELECT * FROM status_transition ORDER BY id DESC LIMIT 1")
        ).mappings()
        told = dict(row.one())

    assert (told["request"], told["attempt"]) == (request, attempt)
    assert (told["from_status"], told["to_status"]) == ("INITIATED", "FAILED")
    assert (told["channel_manager_status"], told["cause"], told["detail"]) == (
        "BUSY",
        "callback",
        "busy",
    )


def test_two_sessions_count_side_by_side(engine: Engine) -> None:
    batch = make_batch(engine)
    one, two = make_request(engine, batch=batch), make_request(engine, batch=batch)

    with engine.begin() as first:
        first.execute(_cancel_all().where(schema.request.c.id == one))
        with Beside(
            engine, lambda c: c.execute(_cancel_all().where(schema.request.c.id == two))
        ) as second:
            second.result()

    assert _counts(engine) == {"CANCELED": 2}


def _cancel_all() -> Update:
    return update(schema.request).values(
        request_status="CANCELED", channel_manager_status="CANCELED", moved_by="operator"
    )


def _counts(engine: Engine) -> dict[str, int]:
    with engine.begin() as connection:
        rows = connection.execute(
            text(
                "SELECT request_status, sum(n)::int FROM request_count"
                " GROUP BY request_status HAVING sum(n) <> 0"
            )
        )
        return {row[0]: row[1] for row in rows}
