"""The database lets no request move in a way that can't be; one that would costs the others nothing."""

from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update
from structlog.testing import capture_logs

from tests.factories import (
    MINUTE,
    counted_equals_recount,
    lease,
    make_attempt,
    make_batch,
    make_limits,
    make_request,
    make_timeouts,
    queue_row,
    read_attempt,
    read_request,
    token_of,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.apply_reports import Applied, apply_reports, apply_waiting
from worker.dispatch.deliver import FAULTS, deliver
from worker.dispatch.provider_loop import Answered
from worker.dispatch.record import record
from worker.domain.content.tickets import Text, Ticket
from worker.domain.evidence.answers import Accepted
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import AttemptState, Channel, ChannelStatus
from worker.store import inbox, schema
from worker.store.connect import in_transaction

PATIENCE = make_timeouts()
N, ODD = 50, 17


def make_attempts(engine: Engine, state: AttemptState) -> list[int]:
    """Fifty attempts of a batch; the request of one is over, and nothing leads from there to under way."""
    batch = make_batch(engine)
    made = [
        make_attempt(engine, request=make_request(engine, batch=batch), state=state)
        for _ in range(N)
    ]
    with engine.begin() as connection:
        connection.execute(
            update(schema.request)
            .where(schema.request.c.attempt == made[ODD])
            .values(request_status="COMPLETED", moved_by="callback")
        )
    return made


def letters(engine: Engine) -> list[Any]:
    """Every dead letter."""
    with engine.begin() as connection:
        return list(connection.execute(select(schema.dead_letter)).all())


def status_of(engine: Engine, attempt: int) -> str:
    return str(read_request(engine, read_attempt(engine, attempt)["request"])["request_status"])


def answered(engine: Engine, attempt: int) -> Answered:
    token = token_of(engine, attempt)
    ticket = Ticket(attempt, 0, token, "+15125550001", "+15125550100", Text("Hello"))
    return Answered(ticket, Accepted(f"CA{attempt}"))


def test_of_fifty_answers_one_can_move_nothing_and_the_others_are_recorded(engine: Engine) -> None:
    made = make_attempts(engine, AttemptState.SENDING)
    flush = [answered(engine, attempt) for attempt in made]

    with capture_logs() as logs:
        for _ in range(2):
            record(engine, PATIENCE, 7, Channel.VOICE, flush)

    odd = made.pop(ODD)
    assert {read_attempt(engine, one)["state"] for one in made} == {"ACCEPTED"}
    assert (status_of(engine, odd), read_attempt(engine, odd)["state"]) == ("COMPLETED", "SENDING")
    [letter] = letters(engine)
    assert (letter.kind, letter.message_id) == ("answer", str(token_of(engine, odd)))
    assert f"CA{odd}" in letter.payload
    assert "+1512" not in letter.payload
    assert {entry["attempt"] for entry in logs if entry["event"] == "answer_unrecordable"} == {odd}
    assert counted_equals_recount(engine)


def picked_up(engine: Engine, attempt: int) -> Report:
    """The call was answered."""
    return Report(
        channel=Channel.VOICE,
        key=f"{attempt}:in-progress",
        token=token_of(engine, attempt),
        sid=read_attempt(engine, attempt)["sid"],
        name="in-progress",
        rank=40,
        sequence=0,
        meaning=Meaning.CONNECTED,
        channel_status=ChannelStatus.IN_PROGRESS,
    )


def test_of_fifty_reports_one_can_move_nothing_and_the_others_are_applied(engine: Engine) -> None:
    made = make_attempts(engine, AttemptState.ACCEPTED)
    group = [picked_up(engine, attempt) for attempt in made]

    assert apply_reports(engine, PATIENCE, group) == Applied(N, 0, given_up=1)

    assert apply_reports(engine, PATIENCE, group) == Applied(0, 0)
    assert {status_of(engine, one) for one in made[:ODD] + made[ODD + 1 :]} == {"CONNECTED"}
    assert status_of(engine, made[ODD]) == "COMPLETED"
    [letter] = letters(engine)
    assert (letter.kind, "refuses" in letter.reason) == ("callback", True)
    assert str(token_of(engine, made[ODD])) in letter.payload
    assert apply_waiting(engine, PATIENCE) == Applied(0, 0)


def test_of_what_waited_one_can_move_nothing_and_the_others_are_applied(engine: Engine) -> None:
    made = make_attempts(engine, AttemptState.ACCEPTED)
    group = [picked_up(engine, attempt) for attempt in made]
    in_transaction(engine, inbox.store, group, applied=False)

    apply_waiting(engine, PATIENCE)

    assert {status_of(engine, one) for one in made[:ODD] + made[ODD + 1 :]} == {"CONNECTED"}
    assert len(letters(engine)) == 1
    assert apply_waiting(engine, PATIENCE) == Applied(0, 0)


@pytest.fixture
def unmovable(engine: Engine) -> list[int]:
    """Ten requests, one of which the database lets nobody move."""
    batch = make_batch(engine)
    made = [make_request(engine, batch=batch) for _ in range(10)]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.id = {made[3]} THEN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE UPDATE ON communication_request
                FOR EACH ROW EXECUTE FUNCTION refuse();
        """)
    return made


def test_of_a_chunk_one_can_move_nowhere_and_the_others_are_sent(
    engine: Engine, connect: Connect, unmovable: list[int]
) -> None:
    provider, limits, odd = FakeProvider(Channel.VOICE), make_limits(), unmovable[3]
    provider_loop = connect(provider)

    deliver(engine, provider_loop, limits, lease(engine, *unmovable))
    for _ in range(FAULTS):
        deliver(engine, provider_loop, limits, lease(engine, odd))

    assert {ticket.request for ticket in provider.tickets} == {*unmovable} - {odd}
    assert read_request(engine, odd)["request_status"] == "PENDING"
    [letter] = letters(engine)
    assert (letter.kind, letter.message_id) == ("request", f"request-{odd}")
    row = queue_row(engine, odd)
    assert row is not None
    with engine.begin() as connection:
        now = connection.scalar(text("SELECT clock_timestamp()"))
    assert row["due_at"] > now + 60 * MINUTE
