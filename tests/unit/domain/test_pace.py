"""Rates: smooth, exact over an hour, and fairly shared."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.schedule import pace
from worker.domain.schedule.pace import Allowance, Rates
from worker.domain.schedule.windows import Window

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORKDAY = Window(start=time(9), end=time(17))


@pytest.mark.parametrize("per_hour", [1, 7, 100, 999, 3600])
@pytest.mark.parametrize("tick", [0.5, 1.0], ids=["two ticks a second", "one"])
def test_an_hour_brings_what_was_asked_for(per_hour: int, tick: float) -> None:
    allowance, claimed, hours = Allowance(), 0, 1 if per_hour > 100 else 10
    for step in range(int(hours * 3600 / tick)):
        now = NOON + timedelta(seconds=step * tick)
        allowance = pace.accrue(allowance, per_hour, now)
        n = pace.whole(allowance)
        assert n <= 2
        claimed += n
        allowance = pace.take(allowance, n)

    assert claimed == pytest.approx(per_hour * hours, rel=0.01, abs=1)


def test_a_scheduler_that_stood_still_causes_no_burst() -> None:
    allowance = pace.accrue(Allowance(0.0, NOON), 3600, NOON + HOUR)

    assert pace.whole(allowance) == 11


def test_the_next_claim_is_when_the_allowance_reaches_one() -> None:
    allowance = pace.take(pace.accrue(Allowance(), 100, NOON), 1)

    assert pace.next_claim_at(allowance, 100) == NOON + timedelta(seconds=36)


def test_an_automatic_rate_counts_valid_hours_only() -> None:
    # Five hours of today and one of tomorrow.
    ends = NOON + timedelta(hours=22)

    assert pace.rate(Rates(auto_call_rate=True), 537, WORKDAY, NOON, ends) == 100


@pytest.mark.parametrize(
    ("remaining", "expected"), [(10_000, 120), (1, 80), (447, 100)], ids=["more", "less", "near"]
)
def test_an_automatic_rate_stays_near_its_baseline(remaining: int, expected: float) -> None:
    rates = Rates(auto_call_rate=True, baseline=100)

    assert pace.rate(rates, remaining, WORKDAY, NOON, NOON + 5 * HOUR) == pytest.approx(
        expected, rel=0.01
    )


def test_the_rate_of_a_batch_goes_before_its_campaigns() -> None:
    assert pace.fixed_rate(Rates(hourly_rate=10, call_rate=20)) == 20
    assert pace.fixed_rate(Rates(hourly_rate=10)) == 10
    assert pace.fixed_rate(Rates()) is None


@given(st.integers(0, 200), st.lists(st.integers(0, 50), max_size=20))
def test_shares_waste_nothing_and_favour_nobody(room: int, wants: list[int]) -> None:
    shares = pace.fair_shares(room, wants)

    assert sum(shares) == min(room, sum(wants))
    assert all(0 <= share <= want for share, want in zip(shares, wants, strict=True))
    short = [share for share, want in zip(shares, wants, strict=True) if share < want]
    assert max(shares, default=0) <= min(short, default=max(shares, default=0)) + 1


def test_a_campaign_of_many_batches_gets_no_more_than_one_of_few() -> None:
    wants = {1: dict.fromkeys(range(10), 100), 2: {10: 100}}

    shares = pace.divide_room(100, wants)

    assert shares[10] == 50
    assert [shares[batch] for batch in range(10)] == [5] * 10
