"""What holds for every order of the evidence and in every state."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import HOUR
from tests.unit.domain.verdicts.folding import (
    ANSWERED,
    BEGUN,
    BUSY,
    COMPLETED,
    EVERY_ANSWER,
    EVERY_REPORT,
    MACHINE,
    NOBODY_KNOWS,
    PATIENCE,
    PERSON,
    QUEUED,
    RINGING,
    after,
    facts,
    report,
    reported,
)
from worker.domain.evidence import judge_absence, judge_accepted, judge_answer, judge_report
from worker.domain.evidence.attempts import OPEN, Change, Facts
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import (
    TRANSITIONS,
    AttemptState,
    Cause,
    Channel,
    ChannelStatus,
    RequestStatus,
)

Evidence = Callable[[Facts], Change | None]
EVERY_EVIDENCE: tuple[Evidence, ...] = (
    *(partial(judge_answer, answer=answer, timeouts=PATIENCE) for answer in EVERY_ANSWER),
    *(
        partial(judge_report, report=told, timeouts=PATIENCE, cause=Cause.CALLBACK)
        for told in EVERY_REPORT
    ),
    partial(judge_absence, timeouts=PATIENCE),
)


def _name(told: Report | None) -> str:
    return told.name if told else "no verdict"


def folded(known: Facts, evidence: Sequence[Evidence]) -> Facts:
    for judge in evidence:
        known = after(known, judge(known))
    return replace(known, moved_by=Cause.CALLBACK)


def folded_reports(known: Facts, reports: Sequence[Report]) -> Facts:
    return folded(known, [partial(_told, told) for told in reports])


def _told(told: Report, known: Facts) -> Change | None:
    return reported(known, told)


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


def _waited(known: Facts) -> Facts:
    """The wait for who answered is over: Twilio is asked, and knows no more."""
    if not known.awaits_answered_by:
        return known
    asked = judge_report(known, COMPLETED, PATIENCE, Cause.RECONCILE)
    return replace(after(known, asked), moved_by=Cause.CALLBACK)


@given(
    reports=st.lists(st.sampled_from((*EVERY_REPORT, PERSON, MACHINE)), max_size=6),
    order=st.randoms(use_true_random=False),
    allowed=st.integers(1, 3),
)
def test_where_machines_count_reports_end_the_same_once_the_wait_is_over(
    reports: list[Report], order: Random, allowed: int
) -> None:
    known = facts(attempts_allowed=allowed, detects_machines=True)
    shuffled = list(reports)
    order.shuffle(shuffled)

    first, second = (folded_reports(known, told) for told in (shuffled, reports))
    assert _waited(first) == _waited(second)


@pytest.mark.parametrize("verdict", [None, PERSON, NOBODY_KNOWS, MACHINE], ids=_name)
@pytest.mark.parametrize("lost", range(4))
def test_a_call_and_who_answered_it_end_the_same_in_every_order(
    verdict: Report | None, lost: int
) -> None:
    known = facts(detects_machines=True, attempts_allowed=2, retry_on=("machine",))
    told = [QUEUED, RINGING, ANSWERED, COMPLETED]
    told = [one for one in (*told[:lost], *told[lost + 1 :], verdict) if one]

    ends = {folded_reports(known, order) for order in permutations(told)}

    assert len(ends) == 1
    [end] = ends
    over = verdict is MACHINE or (COMPLETED in told and verdict is not None)
    assert (end.state is AttemptState.DONE) is over
    assert end.awaits_answered_by is (COMPLETED in told and verdict is None)
    if over:
        machine = (RequestStatus.PENDING, ChannelStatus.MACHINE)
        person = (RequestStatus.COMPLETED, ChannelStatus.COMPLETED)
        outcome = (end.request_status, end.channel_status)
        assert outcome == (machine if verdict is MACHINE else person)


def _position(told: Report) -> tuple[int, int, str]:
    return told.position


@pytest.mark.parametrize("last", [ANSWERED, BUSY, COMPLETED], ids=_name)
def test_the_answer_may_come_at_any_place_among_the_reports(last: Report) -> None:
    accept: Evidence = partial(judge_accepted, sid="CA1", timeouts=PATIENCE)
    events: list[Evidence] = [partial(_told, told) for told in (QUEUED, RINGING, last)]

    ends = {folded(BEGUN, order) for order in permutations([accept, *events])}

    assert len(ends) == 1


@pytest.mark.parametrize("start", list(Channel))
def test_every_move_that_evidence_can_make_is_in_the_table(start: Channel) -> None:
    known = {facts(channel=start, attempts_allowed=2)}
    known.add(facts(channel=start, attempts_allowed=2, detects_machines=True))
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
