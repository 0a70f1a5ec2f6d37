"""What a report of the provider changes, and when another attempt is left."""

from dataclasses import replace

import pytest

from tests.unit.domain.verdicts.folding import (
    ANSWERED,
    BEGUN,
    BUSY,
    CANCELED,
    COMPLETED,
    NO_SUCH_NUMBER,
    OPENED,
    OPTED_OUT,
    QUEUED,
    RANG_AFTER_ALL,
    RINGING,
    UNDELIVERED,
    after,
    facts,
    moved,
    reported,
)
from worker.domain.evidence.attempts import OPEN
from worker.domain.evidence.reports import Report
from worker.domain.statuses import (
    FINAL,
    AttemptState,
    Cause,
    ChannelStatus,
    RequestStatus,
    SuppressReason,
)


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
    known = facts(state=AttemptState.NOT_SENT, request_status=status, moved_by=Cause.CALLBACK)

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
