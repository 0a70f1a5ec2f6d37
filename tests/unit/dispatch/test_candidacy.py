"""The next look at a batch follows from what a scan has found and chosen of it."""

from datetime import UTC, datetime, time, timedelta

import pytest

from worker.dispatch.candidacy import Candidacy
from worker.domain.schedule.eligibility import Claimable, NotYet, PacingState
from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.pace import Allowance, Rates
from worker.domain.schedule.windows import Window
from worker.domain.statuses import Channel
from worker.store.due_batches import Candidate, LeaseShare

NOW = datetime(2027, 11, 22, 12, tzinfo=UTC)
SOON, LATER = NOW + timedelta(seconds=2), NOW + timedelta(hours=3)
ALWAYS = OpenHours(window=Window(start=time(0), end=time(0), zone="UTC"), recipient=None)
FREELY = Claimable(None, None, Allowance(), None)


def candidacy(
    eligibility: Claimable | NotYet, *grants: LeaseShare, cap: int | None = None
) -> Candidacy:
    """A batch that has claimed nothing yet."""
    pacing = PacingState(batch=1, campaign=1, hours=ALWAYS, rates=Rates(), max_daily_calls=cap)
    return Candidacy(Candidate(Channel.SMS, pacing, True, NOW, grants), eligibility)


def test_a_batch_that_filled_its_share_is_looked_at_again_at_once() -> None:
    one = candidacy(FREELY)
    one.share, one.chosen = 2, {1: SOON, 2: SOON}

    assert not one.is_idle
    assert one.next_look(NOW).at == NOW


def test_a_batch_with_less_due_than_its_share_waits_for_the_next_that_falls_due() -> None:
    one = candidacy(FREELY)
    one.share, one.chosen, one.next_due = 2, {1: LATER}, NOW + timedelta(milliseconds=10)

    assert one.is_idle
    assert one.next_look(NOW).at == one.next_due


def test_a_paced_batch_waits_until_it_has_earned_another() -> None:
    one = candidacy(Claimable(1, None, Allowance(1.0, NOW), 3600.0))
    one.share, one.chosen = 1, {1: LATER}

    assert NOW < one.next_look(NOW).at <= NOW + timedelta(seconds=2)


@pytest.mark.parametrize(("cap", "kept"), [(None, ()), (5, (LeaseShare(LATER, 2),))])
def test_what_is_leased_counts_against_a_cap_until_it_lapses(
    cap: int | None, kept: tuple[LeaseShare, ...]
) -> None:
    one = candidacy(FREELY, cap=cap)
    one.share, one.chosen = 2, {1: SOON, 2: LATER}

    assert one.next_look(NOW).grants == kept


def test_a_cap_used_up_by_leases_is_looked_at_when_they_lapse() -> None:
    one = candidacy(NotYet(LATER, "daily cap reached", Allowance()), LeaseShare(SOON, 5), cap=5)

    assert one.next_look(NOW).at == SOON
