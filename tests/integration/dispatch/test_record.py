"""Answers become states; whoever was first is not pulled back."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from tests.factories import (
    counted_equals_recount,
    lease,
    make_attempt,
    make_recipient,
    make_request,
    make_timeouts,
    queue_row,
    read,
    read_attempt,
    read_request,
    token_of,
    transitions,
)
from tests.sessions import Beside, assert_recipient_comes_first
from worker.dispatch.provider_loop import Answered
from worker.dispatch.record import record
from worker.domain.content.tickets import Text, Ticket
from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.store import attempts, halts, schema
from worker.store.connect import in_transaction

PATIENCE = make_timeouts()
CAMPAIGN = 7


def ticket(attempt: int, token: UUID) -> Ticket:
    return Ticket(attempt, 0, token, "+15125550001", "+15125550100", Text("Hello"))


def answer_comes(engine: Engine, *answers: tuple[int, Answer]) -> None:
    answered = [
        Answered(ticket(attempt, token_of(engine, attempt)), answer) for attempt, answer in answers
    ]
    record(engine, PATIENCE, CAMPAIGN, Channel.VOICE, answered)


@dataclass(frozen=True)
class Stood:
    """Everything an answer could have moved."""

    attempt: object
    request: object
    queued: object


def standing(engine: Engine, attempt: int) -> Stood:
    row = read_attempt(engine, attempt)
    request = row["request"]
    return Stood(row, read_request(engine, request), queue_row(engine, request))


ANSWERS: dict[str, Answer] = {
    "accepted": Accepted("CA1"),
    "not sent": NotSent("connect_timeout"),
    "throttled": Throttled(None, "429"),
    "refused": Refused(Refusal.CONTENT, "21617"),
    "unknown": Unknown("read_timeout"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("status", [RequestStatus.CONNECTED, RequestStatus.COMPLETED])
def test_an_answer_after_a_callback_moves_nothing_back(
    engine: Engine, status: RequestStatus, answer: Answer
) -> None:
    request = make_request(engine, status=status)
    attempt = read_request(engine, request)["attempt"]
    before = standing(engine, attempt)

    answer_comes(engine, (attempt, answer))

    assert standing(engine, attempt) == before


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_the_same_answer_twice_changes_nothing_more(engine: Engine, answer: Answer) -> None:
    attempt = make_attempt(engine)
    answer_comes(engine, (attempt, answer))
    before = standing(engine, attempt)

    answer_comes(engine, (attempt, answer))

    assert standing(engine, attempt) == before


def test_an_answer_waits_for_a_callback_under_way_and_yields_to_it(engine: Engine) -> None:
    attempt = make_attempt(engine)

    with engine.begin() as callback:
        attempts.lock(callback, [attempt])
        with Beside(
            engine, lambda _: answer_comes(engine, (attempt, NotSent("connect_timeout")))
        ) as worker:
            worker.wait_until_blocked()
            callback.execute(
                schema.attempt.update()
                .where(schema.attempt.c.id == attempt)
                .values(state="ACCEPTED", sid="CA1")
            )
            callback.commit()
            worker.result()

    assert read_attempt(engine, attempt)["state"] == "ACCEPTED"


def test_a_throttled_request_is_due_later_and_keeps_its_attempts(engine: Engine) -> None:
    attempt = make_attempt(engine)

    answer_comes(engine, (attempt, Throttled(30.0, "429")))

    stood = standing(engine, attempt)
    assert isinstance(stood.request, dict)
    assert isinstance(stood.queued, dict)
    assert isinstance(stood.attempt, dict)
    assert stood.request["attempt_count"] == 0
    assert 25 < (stood.queued["due_at"] - stood.attempt["began_at"]).total_seconds() < 40


def test_an_answer_that_comes_after_it_was_judged_absent_reopens_the_attempt(
    engine: Engine,
) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    chunk = lease(engine, request)

    answer_comes(engine, (attempt, Accepted("CA1")))

    assert queue_row(engine, request) is None
    after = read_request(engine, request)
    assert (after["request_status"], after["attempt_count"]) == ("INITIATED", 1)
    assert read_attempt(engine, attempt)["state"] == "ACCEPTED"
    assert transitions(engine, request)[-1] == ("PENDING", "INITIATED", "dispatch")
    begun, _ = in_transaction(
        engine,
        attempts.begin,
        chunk,
        [request],
        send_window=PATIENCE.lookup_interval,
        answer_time=PATIENCE.lookup_interval,
    )
    assert begun == []
    assert counted_equals_recount(engine)


def test_an_answer_for_an_older_attempt_is_recorded_there_and_moves_nothing(
    engine: Engine,
) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    newer = make_attempt(engine, request=request, state=AttemptState.SENDING)

    with capture_logs() as logs:
        answer_comes(engine, (older, Accepted("CA1")))

    risks = [one for one in logs if one["event"] == "double_contact_risk"]
    assert [one["attempt"] for one in risks] == [older]
    row = read_attempt(engine, older)
    assert (row["state"], row["late"], row["sid"]) == ("ACCEPTED", True, "CA1")
    after = read_request(engine, request)
    assert (after["attempt"], after["request_status"]) == (newer, "INITIATED")
    assert after["call_manager_sid"] is None


def test_an_opt_out_by_the_provider_suppresses_the_recipient(engine: Engine) -> None:
    recipient = make_recipient(engine)
    request = make_request(engine, recipient=recipient)
    attempt = make_attempt(engine, request=request)
    stopped = (attempt, Refused(Refusal.OPTED_OUT, "21610"))

    assert_recipient_comes_first(engine, recipient, request, lambda: answer_comes(engine, stopped))

    assert read(engine, schema.recipient, recipient)["suppress_reason"] == "unsubscribed"
    after = read_request(engine, read_attempt(engine, attempt)["request"])
    assert (after["request_status"], after["channel_manager_status"]) == ("SKIPPED", "UNSUBSCRIBED")


@pytest.mark.parametrize(
    ("scope", "stands"),
    [
        (HaltScope.CHANNEL, ("channel", "voice")),
        (HaltScope.CAMPAIGN, ("campaign", str(CAMPAIGN))),
    ],
)
def test_a_halt_stops_what_it_names(
    engine: Engine, scope: HaltScope, stands: tuple[str, str]
) -> None:
    attempt = make_attempt(engine)

    answer_comes(engine, (attempt, Halt(scope, "20003", "the credentials are wrong")))

    [row] = in_transaction(engine, halts.in_force)
    assert ((row.scope, row.key), row.halted_by) == (stands, "provider")
    after = read_request(engine, read_attempt(engine, attempt)["request"])
    assert (after["request_status"], after["attempt_count"]) == ("PENDING", 0)


def test_a_group_of_answers_is_recorded_together(engine: Engine) -> None:
    pairs = [(make_attempt(engine), answer) for answer in ANSWERS.values()]

    answer_comes(engine, *pairs)

    states = [read_attempt(engine, attempt)["state"] for attempt, _ in pairs]
    assert states == ["ACCEPTED", "NOT_SENT", "NOT_SENT", "REFUSED", "IN_DOUBT"]
    assert counted_equals_recount(engine)


@pytest.mark.parametrize(("sid", "risks"), [("CA1", 0), ("CA2", 1)], ids=["the same", "another"])
def test_an_answer_that_names_another_call_than_its_callback_is_told(
    engine: Engine, sid: str, risks: int
) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")

    with capture_logs() as logs:
        answer_comes(engine, (attempt, Accepted(sid)))

    told = [one for one in logs if one["event"] == "double_contact_risk"]
    assert [one["log_level"] for one in told] == ["error"] * risks
    assert read_attempt(engine, attempt)["sid"] == "CA1"
