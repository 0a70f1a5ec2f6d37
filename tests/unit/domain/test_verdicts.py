"""The one rule that moves requests, by the kind of evidence."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DAY, HOUR, MINUTE, SECOND, make_patience
from tests.unit.domain.folding import (
    ANSWERED,
    BEGUN,
    BUSY,
    CANCELED,
    COMPLETED,
    EVERY_REPORT,
    NO_SUCH_NUMBER,
    OPENED,
    OPTED_OUT,
    QUEUED,
    RANG_AFTER_ALL,
    RINGING,
    UNDELIVERED,
    after,
    facts,
    report,
)
from worker.domain.answers import (
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
from worker.domain.attempts import OPEN, Change, Facts
from worker.domain.reports import Meaning, Report
from worker.domain.statuses import (
    FINAL,
    TRANSITIONS,
    AttemptState,
    Cause,
    ChannelStatus,
    Mode,
    RequestStatus,
    SuppressReason,
)
from worker.domain.verdicts import (
    accepted,
    give_up,
    judge_absence,
    judge_answer,
    judge_report,
    judge_undecided,
)

PATIENCE = make_patience()
REFUSED = Refused(Refusal.INVALID_TARGET, "21211")
UNKNOWN = Unknown("read_timeout")
HALT = Halt(HaltScope.CHANNEL, "20003", "the credentials are wrong")
EVERY_ANSWER: tuple[Answer, ...] = (
    Accepted("CA1"),
    NotSent("connect_timeout"),
    Throttled(None, "429"),
    REFUSED,
    UNKNOWN,
    HALT,
)


def answered(known: Facts, answer: Answer) -> Change | None:
    return judge_answer(known, answer, PATIENCE)


def reported(known: Facts, told: Report) -> Change | None:
    return judge_report(known, told, PATIENCE, Cause.CALLBACK)


def moved(change: Change | None) -> tuple[AttemptState, RequestStatus, ChannelStatus]:
    assert change is not None
    assert change.move is not None
    return change.state, change.move.status, change.move.channel_status


# --- The provider's answer


def test_an_accepted_call_awaits_its_outcome() -> None:
    change = answered(BEGUN, Accepted("CA1"))

    assert moved(change) == (
        AttemptState.ACCEPTED,
        RequestStatus.INITIATED,
        ChannelStatus.QUEUED,
    )
    assert change is not None
    assert (change.sid, change.check_in) == ("CA1", PATIENCE.first_look[Mode.VOICE])


@pytest.mark.parametrize(
    ("answer", "due_in"),
    [
        (NotSent("connect_timeout"), PATIENCE.refused_pause),
        (Throttled(7.5, "429"), timedelta(seconds=7.5)),
        (Throttled(None, "429"), PATIENCE.throttle_pause),
        (HALT, timedelta(0)),
    ],
    ids=["not sent", "throttled with a time", "throttled without", "halt"],
)
def test_what_was_not_processed_consumes_no_attempt(answer: Answer, due_in: timedelta) -> None:
    change = answered(BEGUN, answer)

    assert moved(change) == (AttemptState.NOT_SENT, RequestStatus.PENDING, ChannelStatus.PENDING)
    assert change is not None
    assert change.counted == -1
    assert change.move is not None
    assert (change.move.due_in, change.move.extra_attempts) == (due_in, 0)


@pytest.mark.parametrize("seconds", [0.0, 1e9, 1e18, float("inf")])
def test_no_provider_can_make_a_request_wait_for_ever(seconds: float) -> None:
    change = answered(BEGUN, Throttled(seconds, "429"))

    assert change is not None
    assert change.move is not None
    assert change.move.due_in is not None
    assert change.move.due_in <= DAY


@pytest.mark.parametrize(
    ("kind", "mode", "status", "outcome"),
    [
        (Refusal.INVALID_TARGET, Mode.VOICE, RequestStatus.INVALID, ChannelStatus.INVALID),
        (Refusal.OPTED_OUT, Mode.SMS, RequestStatus.SKIPPED, ChannelStatus.UNSUBSCRIBED),
        (Refusal.NOT_PERMITTED, Mode.VOICE, RequestStatus.FAILED, ChannelStatus.FAILED),
        (Refusal.NOT_PERMITTED, Mode.SMS, RequestStatus.FAILED, ChannelStatus.DELIVERY_FAILED),
        (Refusal.CONTENT, Mode.EMAIL, RequestStatus.FAILED, ChannelStatus.DROPPED),
    ],
)
def test_a_refusal_is_counted_and_final(
    kind: Refusal, mode: Mode, status: RequestStatus, outcome: ChannelStatus
) -> None:
    change = answered(facts(mode=mode), Refused(kind, "21211"))

    assert moved(change) == (AttemptState.REFUSED, status, outcome)
    assert change is not None
    assert change.counted == 0
    assert (change.suppress is not None) == (kind is Refusal.OPTED_OUT)


def test_an_unknown_answer_is_a_doubt_and_makes_nothing_due() -> None:
    change = answered(BEGUN, UNKNOWN)

    assert change is not None
    assert (change.state, change.counted) == (AttemptState.IN_DOUBT, 0)
    assert change.check_in == PATIENCE.doubt_look
    assert change.move is None


@pytest.mark.parametrize("state", [AttemptState.ACCEPTED, AttemptState.DONE, AttemptState.REFUSED])
@pytest.mark.parametrize("answer", EVERY_ANSWER, ids=lambda answer: type(answer).__name__)
def test_an_answer_after_a_callback_moves_nothing_back(state: AttemptState, answer: Answer) -> None:
    known = facts(state=state, sid="CA1", request_status=RequestStatus.CONNECTED)

    assert answered(known, answer) is None


def test_an_answer_gives_the_sid_that_a_report_did_not_know() -> None:
    known = facts(state=AttemptState.DONE, request_status=RequestStatus.COMPLETED)

    change = answered(known, Accepted("CA1"))

    assert change is not None
    assert (change.state, change.sid, change.move) == (AttemptState.DONE, "CA1", None)


@pytest.mark.parametrize(
    "answer",
    [NotSent("refused"), Throttled(None, "429"), REFUSED, HALT],
    ids=lambda a: type(a).__name__,
)
def test_a_slow_answer_still_settles_a_doubt(answer: Answer) -> None:
    change = answered(facts(state=AttemptState.IN_DOUBT), answer)

    assert change is not None
    assert change.state in {AttemptState.NOT_SENT, AttemptState.REFUSED}


@pytest.mark.parametrize("state", [AttemptState.NOT_SENT, AttemptState.UNRESOLVED])
def test_an_answer_that_comes_after_the_judgement_reopens_the_attempt(state: AttemptState) -> None:
    known = facts(state=state, request_status=RequestStatus.PENDING, attempt_count=0)

    change = answered(known, Accepted("CA1"))

    assert moved(change)[:2] == (AttemptState.ACCEPTED, RequestStatus.INITIATED)


def test_an_answer_for_an_older_attempt_is_late_and_moves_nothing() -> None:
    change = answered(facts(state=AttemptState.NOT_SENT, is_current=False), Accepted("CA1"))

    assert change is not None
    assert (change.state, change.late, change.move) == (AttemptState.ACCEPTED, True, None)


# --- Reports


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (QUEUED, RequestStatus.INITIATED),
        (RINGING, RequestStatus.INITIATED),
        (ANSWERED, RequestStatus.CONNECTED),
        (COMPLETED, RequestStatus.COMPLETED),
        (OPENED, RequestStatus.COMPLETED),
        (UNDELIVERED, RequestStatus.FAILED),
        (NO_SUCH_NUMBER, RequestStatus.INVALID),
        (OPTED_OUT, RequestStatus.SKIPPED),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_report_moves_the_request(told: Report, status: RequestStatus) -> None:
    change = reported(BEGUN, told)

    assert change is not None
    assert change.move is not None
    assert change.move.status is status
    assert change.move.channel_status is told.channel_status
    assert change.state is (AttemptState.DONE if status in FINAL else AttemptState.ACCEPTED)
    assert (change.check_in is not None) == (change.state in OPEN)


def test_a_repeated_report_changes_nothing() -> None:
    known = after(BEGUN, reported(BEGUN, COMPLETED))

    assert reported(known, COMPLETED) is None


@pytest.mark.parametrize("told", [QUEUED, RINGING, ANSWERED])
def test_an_earlier_word_does_not_move_back(told: Report) -> None:
    known = after(BEGUN, reported(BEGUN, COMPLETED))

    assert reported(known, told) is None


def test_a_bounce_after_delivery_wins() -> None:
    known = after(BEGUN, reported(BEGUN, replace(COMPLETED, rank=60)))

    assert moved(reported(known, UNDELIVERED))[1] is RequestStatus.FAILED


def test_a_report_for_an_older_attempt_is_late_and_moves_nothing() -> None:
    change = reported(facts(state=AttemptState.NOT_SENT, is_current=False), COMPLETED)

    assert change is not None
    assert (change.state, change.late, change.move) == (AttemptState.DONE, True, None)
    assert change.counted == 1


@pytest.mark.parametrize("status", [RequestStatus.CANCELED, RequestStatus.DUPLICATE])
def test_what_was_never_to_move_does_not(status: RequestStatus) -> None:
    known = facts(state=AttemptState.NOT_SENT, request_status=status, moved_by=Cause.EXPIRY)

    change = reported(known, COMPLETED)

    assert change is not None
    assert (change.state, change.move) == (AttemptState.DONE, None)


@pytest.mark.parametrize("cause", [Cause.OPERATOR, Cause.EXPIRY, Cause.INGEST])
def test_a_final_status_that_somebody_else_decided_stays(cause: Cause) -> None:
    known = facts(state=AttemptState.ACCEPTED, sid="CA1", request_status=RequestStatus.FAILED)

    change = reported(replace(known, moved_by=cause), COMPLETED)

    assert change is not None
    assert change.move is None


@pytest.mark.parametrize(
    "told", [COMPLETED, UNDELIVERED, NO_SUCH_NUMBER], ids=lambda told: told.name
)
def test_a_closing_report_suppresses_if_it_says_so(told: Report) -> None:
    change = reported(BEGUN, replace(told, suppress=SuppressReason.BOUNCED))

    assert change is not None
    assert change.suppress is SuppressReason.BOUNCED


def test_an_opt_out_is_heard_even_when_a_higher_word_came_first() -> None:
    known = after(BEGUN, reported(BEGUN, COMPLETED))
    opt_out = replace(OPENED, suppress=SuppressReason.UNSUBSCRIBED)

    change = reported(known, opt_out)

    assert change is not None
    assert (change.suppress, change.move) == (SuppressReason.UNSUBSCRIBED, None)
    assert after(known, change) == known


# --- Retries


@pytest.mark.parametrize(
    ("attempt_count", "allowed", "again"),
    [(1, 1, False), (1, 2, True), (2, 3, True), (3, 3, False)],
)
def test_a_missed_call_is_tried_again_while_a_retry_is_left(
    attempt_count: int, allowed: int, again: bool
) -> None:
    known = facts(attempt_count=attempt_count, attempts_allowed=allowed)

    change = reported(known, BUSY)

    expected = RequestStatus.PENDING if again else RequestStatus.FAILED
    assert moved(change) == (AttemptState.DONE, expected, ChannelStatus.BUSY)
    assert change is not None
    assert change.move is not None
    assert change.move.due_in == (known.retry_interval if again else None)
    assert change.move.cause is (Cause.RETRY if again else Cause.CALLBACK)


def test_an_undeliverable_message_is_not_tried_again() -> None:
    known = facts(attempts_allowed=5)

    assert moved(reported(known, UNDELIVERED))[1] is RequestStatus.FAILED


def test_a_batch_that_is_over_tries_nothing_again() -> None:
    known = facts(attempts_allowed=5, batch_lives=False)

    assert moved(reported(known, BUSY))[1] is RequestStatus.FAILED


def test_an_attempt_that_was_not_counted_is_when_it_turns_out_to_have_rung() -> None:
    known = facts(
        state=AttemptState.NOT_SENT,
        request_status=RequestStatus.PENDING,
        attempt_count=0,
        attempts_allowed=1,
    )

    assert moved(reported(known, BUSY))[1] is RequestStatus.FAILED


def test_a_retry_in_waiting_ends_when_the_person_was_reached_after_all() -> None:
    known = after(facts(attempts_allowed=2), reported(facts(attempts_allowed=2), BUSY))
    assert known.request_status is RequestStatus.PENDING

    assert moved(reported(known, COMPLETED))[1] is RequestStatus.COMPLETED


def test_a_call_that_never_rang_uses_no_retry() -> None:
    change = reported(BEGUN, CANCELED)

    assert moved(change)[1] is RequestStatus.PENDING
    assert change is not None
    assert change.move is not None
    assert change.move.extra_attempts == 1


def test_a_call_that_never_rang_gives_one_more_attempt_however_often_it_is_told() -> None:
    known = after(BEGUN, reported(BEGUN, CANCELED))

    known = after(known, reported(known, replace(CANCELED, sequence=1)))

    assert known.attempts_allowed == 2


def test_a_call_that_rang_after_all_gives_its_extra_attempt_back() -> None:
    known = after(BEGUN, reported(BEGUN, CANCELED))

    change = reported(known, RANG_AFTER_ALL)

    assert moved(change)[1] is RequestStatus.FAILED
    assert after(known, change).attempts_allowed == 1


def test_a_call_that_never_rang_is_canceled_with_its_batch() -> None:
    change = reported(facts(batch_lives=False), CANCELED)

    assert moved(change)[1] is RequestStatus.CANCELED


# --- Doubt


DOUBT = facts(state=AttemptState.IN_DOUBT, age=2 * MINUTE)


def test_as_many_empty_looks_as_patience_asks_for_are_proof() -> None:
    known, looks = DOUBT, 0
    while known.state is AttemptState.IN_DOUBT:
        change = judge_absence(known, PATIENCE)
        known, looks = after(known, change), looks + 1

    assert looks == PATIENCE.empty_looks
    assert moved(change) == (AttemptState.NOT_SENT, RequestStatus.PENDING, ChannelStatus.PENDING)
    assert change is not None
    assert change.move is not None
    assert change.move.cause is Cause.RECONCILE


def test_an_undecided_look_proves_nothing() -> None:
    known = replace(DOUBT, checks=2)

    change = judge_undecided(known, PATIENCE)

    assert (change.state, change.checks, change.move) == (AttemptState.IN_DOUBT, 2, None)
    assert change.check_in == PATIENCE.look_interval


@pytest.mark.parametrize("state", set(AttemptState) - {AttemptState.IN_DOUBT})
def test_only_a_doubt_can_be_proven_absent(state: AttemptState) -> None:
    assert judge_absence(facts(state=state, sid="CA1", checks=9), PATIENCE) is None


@pytest.mark.parametrize("mode", Mode)
def test_a_doubt_is_closed_by_policy_when_patience_runs_out(mode: Mode) -> None:
    known = replace(DOUBT, mode=mode, age=PATIENCE.give_up[mode])

    change = judge_undecided(known, PATIENCE)

    assert moved(change) == (
        AttemptState.UNRESOLVED,
        RequestStatus.FAILED,
        ChannelStatus.DELIVERY_UNKNOWN,
    )
    assert change.counted == 0
    assert change.move is not None
    assert (change.move.error_code, change.move.due_in) == ("in_doubt", None)


@pytest.mark.parametrize("mode", Mode)
def test_a_doubt_is_open_until_then(mode: Mode) -> None:
    known = replace(DOUBT, mode=mode, age=PATIENCE.give_up[mode] - SECOND)

    assert judge_undecided(known, PATIENCE).state is AttemptState.IN_DOUBT


@pytest.mark.parametrize("mode", [Mode.VOICE, Mode.SMS])
def test_nobody_is_called_or_texted_again_on_doubt(mode: Mode) -> None:
    known = replace(DOUBT, mode=mode, resend_in_doubt=True, attempts_allowed=9)

    assert moved(give_up(known, Cause.INFERENCE))[1] is RequestStatus.FAILED


def test_a_mail_is_sent_again_on_doubt_where_its_campaign_chose_so() -> None:
    known = replace(DOUBT, mode=Mode.EMAIL, resend_in_doubt=True)

    change = give_up(known, Cause.INFERENCE)

    assert moved(change)[:2] == (AttemptState.UNRESOLVED, RequestStatus.PENDING)


def test_a_mail_in_doubt_is_not_sent_again_for_a_batch_that_is_over() -> None:
    known = replace(DOUBT, mode=Mode.EMAIL, resend_in_doubt=True, batch_lives=False)

    assert moved(give_up(known, Cause.INFERENCE))[1] is RequestStatus.FAILED


def test_a_mail_is_not_sent_again_and_again_on_doubt() -> None:
    known = replace(DOUBT, mode=Mode.EMAIL, resend_in_doubt=True, attempts_allowed=3)

    resent = 0
    while moved(change := give_up(known, Cause.INFERENCE))[1] is RequestStatus.PENDING:
        resent += 1
        assert resent < 20
        begun_again = after(known, change)
        known = replace(
            begun_again,
            state=AttemptState.IN_DOUBT,
            request_status=RequestStatus.INITIATED,
            attempt_count=begun_again.attempt_count + 1,
        )


# --- Silence


def accepted_facts(
    mode: Mode, age: timedelta, channel: ChannelStatus = ChannelStatus.SENT
) -> Facts:
    return facts(mode=mode, state=AttemptState.ACCEPTED, sid="CA1", age=age, channel_status=channel)


@pytest.mark.parametrize(
    ("mode", "last", "status", "outcome"),
    [
        (Mode.VOICE, ChannelStatus.QUEUED, RequestStatus.FAILED, ChannelStatus.NO_OUTCOME),
        (Mode.SMS, ChannelStatus.SENT, RequestStatus.COMPLETED, ChannelStatus.SENT),
        (Mode.EMAIL, ChannelStatus.PROCESSED, RequestStatus.COMPLETED, ChannelStatus.NO_OUTCOME),
        (Mode.EMAIL, ChannelStatus.DEFERRED, RequestStatus.FAILED, ChannelStatus.DEFERRED),
    ],
)
def test_silence_is_judged_by_channel(
    mode: Mode, last: ChannelStatus, status: RequestStatus, outcome: ChannelStatus
) -> None:
    known = accepted_facts(mode, 4 * DAY, last)

    change = judge_undecided(known, PATIENCE)

    assert moved(change) == (AttemptState.DONE, status, outcome)
    assert change.move is not None
    assert change.move.cause is Cause.INFERENCE


@pytest.mark.parametrize("mode", Mode)
def test_nothing_is_inferred_before_the_silence_has_lasted(mode: Mode) -> None:
    known = accepted_facts(mode, PATIENCE.silence[mode] - SECOND)

    assert judge_undecided(known, PATIENCE).state is AttemptState.ACCEPTED


def test_an_inference_is_revised_by_what_comes_later() -> None:
    known = accepted_facts(Mode.VOICE, 2 * DAY)
    known = after(known, judge_undecided(known, PATIENCE))
    assert known.request_status is RequestStatus.FAILED

    assert moved(reported(known, COMPLETED))[1] is RequestStatus.COMPLETED


# --- What holds for every order and every state


Evidence = Callable[[Facts], Change | None]
EVERY_EVIDENCE: tuple[Evidence, ...] = (
    *(partial(judge_answer, answer=answer, patience=PATIENCE) for answer in EVERY_ANSWER),
    *(
        partial(judge_report, report=told, patience=PATIENCE, cause=Cause.CALLBACK)
        for told in EVERY_REPORT
    ),
    partial(judge_absence, patience=PATIENCE),
)


def folded(known: Facts, evidence: Sequence[Evidence]) -> Facts:
    for judge in evidence:
        known = after(known, judge(known))
    return replace(known, moved_by=Cause.CALLBACK)


def folded_reports(known: Facts, reports: Sequence[Report]) -> Facts:
    return folded(known, [lambda f, told=told: reported(f, told) for told in reports])


@given(
    reports=st.lists(st.sampled_from(EVERY_REPORT), max_size=6),
    order=st.randoms(use_true_random=False),
    allowed=st.integers(1, 3),
    lives=st.booleans(),
)
def test_reports_end_the_same_in_every_order(
    reports: list[Report], order: Random, allowed: int, lives: bool
) -> None:
    known = facts(attempts_allowed=allowed, batch_lives=lives)
    if not lives:  # CANCELED never moves again, whatever else is told of a call that was taken back
        reports = [told for told in reports if told.meaning is not Meaning.NEVER_RANG]
    shuffled = list(reports)
    order.shuffle(shuffled)

    assert folded_reports(known, shuffled) == folded_reports(known, sorted(reports, key=_position))


def _position(told: Report) -> tuple[int, int, str]:
    return told.position


@pytest.mark.parametrize("last", [ANSWERED, BUSY, COMPLETED], ids=lambda told: told.name)
def test_the_answer_may_come_at_any_place_among_the_reports(last: Report) -> None:
    accept: Evidence = partial(accepted, sid="CA1", patience=PATIENCE)
    events = [lambda f, told=told: reported(f, told) for told in (QUEUED, RINGING, last)]

    ends = {folded(BEGUN, order) for order in permutations([accept, *events])}

    assert len(ends) == 1


@pytest.mark.parametrize("start", list(Mode))
def test_every_move_that_evidence_can_make_is_in_the_table(start: Mode) -> None:
    known = {facts(mode=start, attempts_allowed=2)}
    waiting = list(known)
    while waiting:
        here = waiting.pop()
        for judge in EVERY_EVIDENCE:
            change = judge(here)
            there = after(here, change)
            moved_to = there.request_status
            assert (
                moved_to is here.request_status or moved_to in TRANSITIONS[here.request_status]
            ), f"{here.request_status} to {moved_to} by {judge}"
            if there not in known:
                known.add(there)
                waiting.append(there)


@pytest.mark.parametrize("state", AttemptState)
@pytest.mark.parametrize("status", RequestStatus)
def test_an_attempt_stays_looked_after_exactly_while_it_is_open(
    state: AttemptState, status: RequestStatus
) -> None:
    known = facts(state=state, request_status=status, sid="CA1", age=HOUR, channel_status="SENT")
    for judge in EVERY_EVIDENCE:
        change = judge(known)
        if change is not None:
            assert (change.check_in is not None) == (change.state in OPEN)


@pytest.mark.parametrize("meaning", Meaning)
def test_a_report_with_a_due_time_goes_to_pending_and_only_then(meaning: Meaning) -> None:
    for allowed in (1, 2):
        change = reported(facts(attempts_allowed=allowed), report(meaning, 50))
        assert change is not None
        assert change.move is not None
        assert (change.move.due_in is not None) == (change.move.status is RequestStatus.PENDING)
