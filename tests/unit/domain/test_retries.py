"""Retries: which outcomes, how much later, and what the history says."""

from datetime import timedelta

import pytest

from tests.factories import make_timeouts
from tests.unit.domain.verdicts.folding import facts, report
from worker.domain.evidence import judge_report
from worker.domain.evidence.reports import Meaning
from worker.domain.evidence.retries import RetryRules, delay
from worker.domain.statuses import AttemptState, Cause, ChannelStatus, RequestStatus

TEN = timedelta(minutes=10)
RULES = RetryRules(delays={"busy": TEN}, on=("busy", "no-answer"))


@pytest.mark.parametrize(
    ("status", "left", "expected"),
    [
        pytest.param(ChannelStatus.BUSY, None, TEN, id="its own delay"),
        pytest.param(ChannelStatus.NO_ANSWER, None, RULES.interval, id="the campaign's interval"),
        pytest.param(ChannelStatus.FAILED, None, None, id="not retried on"),
        pytest.param(ChannelStatus.BUSY, TEN, None, id="it would be too late"),
        pytest.param(ChannelStatus.BUSY, 2 * TEN, TEN, id="just in time"),
    ],
)
def test_a_retry_follows_the_campaigns_rules(
    status: ChannelStatus, left: timedelta | None, expected: timedelta | None
) -> None:
    assert delay(RULES, status, left) == expected


BUSY = report(Meaning.MISSED, 100, name="busy", channel_status=ChannelStatus.BUSY)
MACHINE = report(Meaning.REACHED, 100, name="machine", channel_status=ChannelStatus.MACHINE)
INVALID = report(Meaning.INVALID, 100, name="failed", channel_status=ChannelStatus.INVALID)


def moved(told: object, **values: object) -> tuple[RequestStatus, str | None, timedelta | None]:
    begun = facts(state=AttemptState.ACCEPTED, sid="CA1", attempts_allowed=3, **values)
    change = judge_report(begun, told, make_timeouts(), Cause.CALLBACK)  # type: ignore[arg-type]
    assert change is not None
    assert change.move is not None
    return change.move.status, change.move.why, change.move.due_in


def test_the_history_says_why_it_is_tried_again() -> None:
    status, why, due_in = moved(BUSY, retry_delays=(("busy", TEN),))

    assert (status, due_in) == (RequestStatus.PENDING, TEN)
    assert why == "busy: attempt 1 of 3, again in 10m"


def test_nothing_is_tried_again_past_the_end_of_its_batch() -> None:
    assert moved(BUSY, time_left=TEN)[0] is RequestStatus.FAILED


def test_a_machine_is_tried_again_only_where_the_campaign_says_so() -> None:
    assert moved(MACHINE)[0] is RequestStatus.COMPLETED
    assert moved(MACHINE, retry_on=("machine",))[0] is RequestStatus.PENDING


def test_an_invalid_number_is_never_tried_again() -> None:
    assert moved(INVALID)[0] is RequestStatus.INVALID
