"""Changes are written from facts read under locks; what has moved on meanwhile is left alone."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text, update

from tests.factories import (
    HOUR,
    MINUTE,
    SECOND,
    counted_equals_recount,
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    queue_row,
    read,
    read_attempt,
    read_request,
    transitions,
)
from tests.sessions import Beside
from worker.domain.evidence.attempts import Change, Facts, Move
from worker.domain.statuses import (
    AttemptState,
    Cause,
    Channel,
    ChannelStatus,
    RequestStatus,
    SuppressReason,
)
from worker.store import attempts, schema
from worker.store.connect import StoreUnavailable, in_transaction

AGAIN = Move(
    status=RequestStatus.PENDING,
    channel_status=ChannelStatus.BUSY,
    cause=Cause.RETRY,
    why="busy",
    error_code="busy",
    due_in=HOUR,
)
FAILED = Move(
    status=RequestStatus.FAILED,
    channel_status=ChannelStatus.BUSY,
    cause=Cause.CALLBACK,
    why="busy",
    error_code="busy",
)


def facts_of(engine: Engine, attempt: int) -> Facts:
    return in_transaction(engine, attempts.lock, [attempt])[attempt]


def write(engine: Engine, *changes: Change) -> None:
    in_transaction(engine, attempts.write, changes)


def change(engine: Engine, attempt: int, state: AttemptState, **values: Any) -> None:
    write(engine, Change(facts=facts_of(engine, attempt), state=state, **values))


def test_the_facts_are_those_of_the_attempt_and_its_request(engine: Engine) -> None:
    campaign = make_campaign(engine, channel=Channel.EMAIL, retry_count=2, resend_in_doubt=True)
    batch = make_batch(engine, campaign=campaign)
    request = make_request(engine, batch=batch, extra_attempts=1)
    attempt = make_attempt(
        engine,
        request=request,
        state=AttemptState.ACCEPTED,
        sid="mail-1",
        began_ago=HOUR,
        checks=2,
        fold_rank=20,
        fold_sequence=3,
        fold_name="deferred",
    )

    facts = facts_of(engine, attempt)

    assert (facts.channel, facts.state, facts.sid) == (
        Channel.EMAIL,
        AttemptState.ACCEPTED,
        "mail-1",
    )
    assert (facts.position, facts.checks) == ((20, 3, "deferred"), 2)
    assert (facts.request_status, facts.is_current) == (RequestStatus.INITIATED, True)
    assert (facts.attempt_count, facts.attempts_allowed) == (1, 4)
    assert (facts.batch_lives, facts.resend_in_doubt) == (True, True)
    assert HOUR <= facts.age < HOUR + MINUTE


@pytest.mark.parametrize(
    "values", [{"expires_in": -SECOND}, {"deleted_at": "now", "deleted_reason": "no"}]
)
def test_an_expired_or_deleted_batch_does_not_live(engine: Engine, values: dict[str, Any]) -> None:
    request = make_request(engine, batch=make_batch(engine, **values))

    assert not facts_of(engine, make_attempt(engine, request=request)).batch_lives


def test_an_attempt_with_a_newer_one_is_not_current(engine: Engine) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    newer = make_attempt(engine, request=request)

    assert not facts_of(engine, older).is_current
    assert facts_of(engine, newer).is_current


def test_locked_facts_can_not_change_until_the_transaction_ends(engine: Engine) -> None:
    attempt = make_attempt(engine)

    with engine.begin() as first:
        attempts.lock(first, [attempt])
        with Beside(engine, lambda c: attempts.lock(c, [attempt])[attempt].state) as second:
            second.wait_until_blocked()
            first.execute(
                update(schema.attempt)
                .values(state="IN_DOUBT")
                .where(schema.attempt.c.id == attempt)
            )
            first.commit()
            assert second.result() is AttemptState.IN_DOUBT


def test_attempts_of_one_request_are_judged_one_after_the_other(engine: Engine) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    newer = make_attempt(engine, request=request)

    with engine.begin() as first:
        attempts.lock(first, [older])
        with Beside(engine, lambda c: attempts.lock(c, [newer])[newer].is_current) as second:
            second.wait_until_blocked()
            first.commit()
            assert second.result()


def test_an_accepted_attempt_gives_its_request_a_sid_and_a_time(engine: Engine) -> None:
    attempt = make_attempt(engine)
    move = Move(
        status=RequestStatus.INITIATED, channel_status=ChannelStatus.QUEUED, cause=Cause.DISPATCH
    )

    change(engine, attempt, AttemptState.ACCEPTED, sid="CA1", check_in=HOUR, move=move)

    row = read_attempt(engine, attempt)
    assert (row["state"], row["sid"], row["closed_at"]) == ("ACCEPTED", "CA1", None)
    request = read_request(engine, row["request"])
    assert (request["call_manager_sid"], request["sent_at"]) == ("CA1", row["accepted_at"])
    assert request["channel_manager_status"] == "QUEUED"
    assert in_transaction(engine, attempts.bound_elsewhere, ["CA1", "CA2"], 0) == {"CA1"}
    assert counted_equals_recount(engine)


def test_a_sid_once_bound_stays(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")

    change(engine, attempt, AttemptState.ACCEPTED, sid="CA2", check_in=HOUR)

    row = read_attempt(engine, attempt)
    assert row["sid"] == "CA1"
    assert read_request(engine, row["request"])["call_manager_sid"] == "CA1"


@pytest.mark.parametrize(
    ("state", "column"),
    [
        (AttemptState.ACCEPTED, "accepted_at"),
        (AttemptState.IN_DOUBT, "doubted_at"),
        (AttemptState.ACCEPTED, "late"),
    ],
)
def test_what_was_once_so_stays_whatever_is_written_later(
    engine: Engine, state: AttemptState, column: str
) -> None:
    attempt = make_attempt(engine)
    change(engine, attempt, state, sid="CA1", check_in=HOUR, late=True)
    first = read_attempt(engine, attempt)[column]

    change(engine, attempt, state, sid="CA1", check_in=HOUR)

    assert first
    assert read_attempt(engine, attempt)[column] == first


def test_what_was_not_sent_is_not_counted_and_due_again(engine: Engine) -> None:
    attempt = make_attempt(engine)
    move = replace(AGAIN, channel_status=ChannelStatus.PENDING, cause=Cause.DISPATCH, due_in=HOUR)

    change(engine, attempt, AttemptState.NOT_SENT, move=move)

    row = read_attempt(engine, attempt)
    assert (row["counted"], row["check_at"]) == (False, None)
    request = read_request(engine, row["request"])
    assert (request["request_status"], request["attempt_count"]) == ("PENDING", 0)
    assert _due_in(engine, row["request"]) == pytest.approx(3600, abs=10)
    assert transitions(engine, row["request"])[-1] == ("INITIATED", "PENDING", "dispatch")
    assert counted_equals_recount(engine)


def test_a_claim_ends_when_the_request_is_put_back(engine: Engine) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    chunk = lease(engine, request)

    change(engine, attempt, AttemptState.DONE, sid="CA1", move=AGAIN)

    row = queue_row(engine, request)
    assert row is not None
    assert (row["lease_token"], row["claims"]) == (None, 0)
    assert chunk.lease != row["lease_token"]


def test_evidence_takes_a_waiting_request_out_of_the_queue(engine: Engine) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    assert queue_row(engine, request)

    change(engine, attempt, AttemptState.DONE, sid="CA1", move=FAILED)

    assert queue_row(engine, request) is None
    assert read_request(engine, request)["attempt_count"] == 1
    assert read_attempt(engine, attempt)["counted"]


def test_a_change_judged_from_stale_facts_moves_nothing(engine: Engine) -> None:
    attempt = make_attempt(engine)
    stale = facts_of(engine, attempt)
    change(engine, attempt, AttemptState.DONE, sid="CA1", move=FAILED)
    before = read_attempt(engine, attempt), read_request(engine, stale.request)

    write(engine, Change(facts=stale, state=AttemptState.NOT_SENT, move=AGAIN))

    assert (read_attempt(engine, attempt), read_request(engine, stale.request)) == before
    assert queue_row(engine, stale.request) is None


def test_a_request_that_moved_since_it_was_judged_is_left_where_it_is(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED)
    judged = facts_of(engine, attempt)
    connected = Move(
        status=RequestStatus.CONNECTED,
        channel_status=ChannelStatus.IN_PROGRESS,
        cause=Cause.CALLBACK,
    )
    change(engine, attempt, AttemptState.ACCEPTED, check_in=HOUR, move=connected)

    write(engine, Change(facts=judged, state=AttemptState.ACCEPTED, check_in=HOUR, move=FAILED))

    assert read_request(engine, judged.request)["request_status"] == "CONNECTED"


def test_an_older_attempt_does_not_move_the_request(engine: Engine) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    make_attempt(engine, request=request, state=AttemptState.SENDING)

    change(engine, older, AttemptState.ACCEPTED, sid="CA1", check_in=HOUR, late=True, move=FAILED)

    after = read_request(engine, request)
    assert (after["request_status"], after["call_manager_sid"]) == ("INITIATED", None)
    assert read_attempt(engine, older)["late"]


def test_late_evidence_of_an_older_attempt_is_counted_but_is_not_when_its_request_went_out(
    engine: Engine,
) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    make_attempt(engine, request=request, state=AttemptState.SENDING)

    change(engine, older, AttemptState.DONE, sid="CA1", late=True)

    after = read_request(engine, request)
    assert (after["attempt_count"], after["sent_at"]) == (2, None)


def test_two_attempts_of_one_request_change_together(engine: Engine) -> None:
    make_request(engine)  # or an attempt would have its request's number
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    newer = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)
    facts = in_transaction(engine, attempts.lock, [older, newer])

    write(
        engine,
        Change(facts=facts[older], state=AttemptState.DONE, sid="CA1", late=True),
        Change(facts=facts[newer], state=AttemptState.DONE, move=FAILED),
    )

    after = read_request(engine, request)
    assert (after["request_status"], after["attempt_count"]) == ("FAILED", 2)


def test_each_allowed_retry_is_one_attempt_more(engine: Engine) -> None:
    attempt = make_attempt(engine)
    allowed = replace(AGAIN, extra_attempts=1)

    change(engine, attempt, AttemptState.DONE, sid="CA1", move=allowed)
    change(engine, attempt, AttemptState.DONE, sid="CA1", move=allowed)

    assert facts_of(engine, attempt).attempts_allowed == 3


def test_a_rescuer_waits_for_what_is_being_judged_and_finds_it_looked_after(engine: Engine) -> None:
    attempt = make_attempt(engine, check_in=-SECOND)

    with engine.begin() as judge:
        facts = attempts.lock(judge, [attempt])[attempt]
        with Beside(
            engine, lambda c: attempts.take_overdue(c, limit=10, for_time=MINUTE)
        ) as rescuer:
            rescuer.wait_until_blocked()
            attempts.write(judge, [Change(facts=facts, state=facts.state, check_in=HOUR)])
            judge.commit()
            assert rescuer.result() == []


def test_a_suppression_keeps_its_first_reason(engine: Engine) -> None:
    recipient = make_recipient(engine)
    attempt = make_attempt(engine, request=make_request(engine, recipient=recipient))

    for reason in (SuppressReason.SPAM_REPORT, SuppressReason.UNSUBSCRIBED):
        change(engine, attempt, AttemptState.IN_DOUBT, check_in=HOUR, suppress=reason)

    row = read(engine, schema.recipient, recipient)
    assert row["suppress_reason"] == "spam_report"
    assert row["suppressed_at"] is not None


def test_an_overdue_attempt_is_taken_once(engine: Engine) -> None:
    attempt = make_attempt(engine, check_in=-SECOND)
    make_attempt(engine, check_in=HOUR)

    taken = in_transaction(engine, attempts.take_overdue, limit=10, for_time=MINUTE)
    again = in_transaction(engine, attempts.take_overdue, limit=10, for_time=MINUTE)

    assert [inquiry.attempt for inquiry in taken] == [attempt]
    assert again == []


def test_two_rescuers_never_take_the_same_attempt(engine: Engine) -> None:
    make_attempt(engine, check_in=-SECOND)

    def take(connection: Connection) -> int:
        return len(attempts.take_overdue(connection, limit=10, for_time=MINUTE))

    with engine.begin() as first:
        assert take(first) == 1
        with Beside(engine, take) as second:
            second.wait_until_blocked()
            first.commit()
            assert second.result() == 0


def test_the_longest_overdue_is_asked_for_first(engine: Engine) -> None:
    make_attempt(engine, check_in=-SECOND)
    longest = make_attempt(engine, check_in=-HOUR)

    taken = in_transaction(engine, attempts.take_overdue, limit=1, for_time=MINUTE)

    assert [inquiry.attempt for inquiry in taken] == [longest]


def test_an_inquiry_says_who_was_to_be_reached_from_where_and_when(engine: Engine) -> None:
    recipient = make_recipient(engine, address="+15125557777")
    request = make_request(engine, recipient=recipient)
    attempt = make_attempt(engine, request=request, began_ago=HOUR, check_in=-SECOND)

    [inquiry] = in_transaction(engine, attempts.take_overdue, limit=1, for_time=MINUTE)

    assert (inquiry.address, inquiry.source) == ("+15125557777", "+15125550100")
    assert (inquiry.channel, inquiry.sid) == (Channel.VOICE, None)
    assert inquiry.token == read_attempt(engine, attempt)["token"]
    assert HOUR <= inquiry.age < HOUR + MINUTE


def test_a_step_that_lost_a_deadlock_is_run_again(engine: Engine) -> None:
    one, two = sorted(make_request(engine) for _ in range(2))
    tries: list[int] = []

    def backwards(connection: Connection) -> None:
        tries.append(1)
        connection.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
        _touch(connection, two)
        _touch(connection, one)

    with engine.begin() as first:
        first.execute(text("SET LOCAL deadlock_timeout = '1h'"))
        _touch(first, one)
        with Beside(engine, backwards) as second:
            second.wait_until_blocked()
            _touch(first, two)
            first.commit()
            second.result()

    assert len(tries) == 2


def test_a_lock_that_is_held_too_long_is_not_waited_for(engine: Engine) -> None:
    request = make_request(engine)

    def impatient(connection: Connection) -> None:
        connection.execute(text("SET LOCAL lock_timeout = '20ms'"))
        _touch(connection, request)

    with engine.begin() as first:
        _touch(first, request)
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            in_transaction(engine, impatient)


def _touch(connection: Connection, request: int) -> None:
    connection.execute(
        update(schema.request).where(schema.request.c.id == request).values(session_id=1)
    )


def _due_in(engine: Engine, request: int) -> float:
    due = text(
        "SELECT extract(epoch FROM due_at - clock_timestamp())::float8 FROM queue WHERE request = :r"
    )
    with engine.begin() as connection:
        return float(connection.scalar(due, {"r": request}) or 0)
