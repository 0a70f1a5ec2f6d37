"""What the provider's answer to our request changes."""

from datetime import timedelta

import pytest

from tests.factories import DAY, HOUR
from tests.unit.domain.verdicts.folding import (
    BEGUN,
    EVERY_ANSWER,
    HALT,
    PATIENCE,
    REFUSED,
    UNKNOWN,
    answered,
    facts,
    moved,
)
from worker.domain.evidence.answers import Accepted, Answer, NotSent, Refusal, Refused, Throttled
from worker.domain.statuses import AttemptState, Channel, ChannelStatus, RequestStatus


def test_an_accepted_call_awaits_its_outcome() -> None:
    change = answered(BEGUN, Accepted("CA1"))

    assert moved(change) == (
        AttemptState.ACCEPTED,
        RequestStatus.INITIATED,
        ChannelStatus.QUEUED,
    )
    assert change is not None
    assert (change.sid, change.check_in) == ("CA1", PATIENCE.first_lookup[Channel.VOICE])


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
    ("kind", "channel", "status", "outcome"),
    [
        (Refusal.INVALID_TARGET, Channel.VOICE, RequestStatus.INVALID, ChannelStatus.INVALID),
        (Refusal.OPTED_OUT, Channel.SMS, RequestStatus.SKIPPED, ChannelStatus.UNSUBSCRIBED),
        (Refusal.NOT_PERMITTED, Channel.VOICE, RequestStatus.FAILED, ChannelStatus.FAILED),
        (Refusal.NOT_PERMITTED, Channel.SMS, RequestStatus.FAILED, ChannelStatus.DELIVERY_FAILED),
        (Refusal.CONTENT, Channel.EMAIL, RequestStatus.FAILED, ChannelStatus.DROPPED),
    ],
)
def test_a_refusal_is_counted_and_final(
    kind: Refusal, channel: Channel, status: RequestStatus, outcome: ChannelStatus
) -> None:
    change = answered(facts(channel=channel), Refused(kind, "21211"))

    assert moved(change) == (AttemptState.REFUSED, status, outcome)
    assert change is not None
    assert change.counted == 0
    assert (change.suppress is not None) == (kind is Refusal.OPTED_OUT)


def test_an_unknown_answer_is_a_doubt_and_makes_nothing_due() -> None:
    change = answered(BEGUN, UNKNOWN)

    assert change is not None
    assert (change.state, change.counted) == (AttemptState.IN_DOUBT, 0)
    assert change.check_in == PATIENCE.first_doubt_lookup
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


def test_a_provider_that_is_down_is_asked_ever_later() -> None:
    waits = []
    for number in (1, 2, 3, 50):
        change = answered(facts(attempt_number=number), NotSent("connect_timeout"))
        assert change is not None
        assert change.move is not None
        assert change.move.due_in is not None
        waits.append(change.move.due_in)

    assert waits[:3] == [PATIENCE.refused_pause * factor for factor in (1, 2, 4)]
    assert waits[3] <= 2 * HOUR
