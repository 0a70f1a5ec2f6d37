"""A batch on paper: which hour takes how many, when it ends, and how many it leaves out."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from worker.domain.schedule.eligibility import PacingState, current_rate, new_baseline
from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.load import OUT_OF_SIGHT, Load, Retrying
from worker.domain.schedule.pace import Rates
from worker.domain.schedule.plan import chart, plan
from worker.domain.schedule.windows import LAST_SECOND, Window

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
ALWAYS = Window(start=time(0), end=LAST_SECOND)
OFFICE = Window(start=time(9), end=time(11))


def pacing(window: Window = ALWAYS, **values: Any) -> PacingState:
    hours = OpenHours(window=window, recipient=None)
    return replace(PacingState(batch=1, campaign=1, hours=hours, rates=Rates()), **values)


def auto(expires: timedelta, window: Window = ALWAYS, **values: Any) -> PacingState:
    rates = Rates(auto_call_rate=True, baseline=values.pop("baseline", None))
    return pacing(window, rates=rates, expires_on=MONDAY + expires, **values)


HOUR = timedelta(hours=1)


def test_attempts_fall_into_the_hours_in_which_the_window_is_open() -> None:
    drawn = plan(pacing(OFFICE, rates=Rates(hourly_rate=60)), 150, MONDAY)

    assert [(at - MONDAY, n) for at, n in drawn.hours[:2]] == [(9 * HOUR, 60), (10 * HOUR, 59)]
    assert [at - MONDAY for at, _ in drawn.hours[2:]] == [33 * HOUR]
    assert drawn.finishes_at is not None
    assert MONDAY + 33 * HOUR < drawn.finishes_at < MONDAY + 34 * HOUR
    assert drawn.missed == 0


def test_a_daily_cap_sends_the_rest_to_the_next_days() -> None:
    capped = pacing(rates=Rates(hourly_rate=600), max_daily_calls=100, used_today=40)

    drawn = plan(capped, 250, MONDAY)

    assert [(at - MONDAY, n) for at, n in drawn.hours] == [
        (0 * HOUR, 60), (24 * HOUR, 100), (48 * HOUR, 90),
    ]  # fmt: skip


def test_nothing_is_laid_out_before_it_starts_and_an_automatic_rate_counts_from_then() -> None:
    later = auto(5 * HOUR, starts_at=MONDAY + 3 * HOUR)

    drawn = plan(later, 1_000, MONDAY)

    assert [at - MONDAY for at, _ in drawn.hours] == [3 * HOUR, 4 * HOUR]
    assert drawn.missed == 0
    rate = current_rate(replace(later, remaining=1_000), MONDAY)
    assert rate == current_rate(replace(later, remaining=1_000), MONDAY + 3 * HOUR)
    assert new_baseline(replace(later, remaining=1_000), MONDAY) == rate


def test_a_start_that_has_passed_changes_nothing() -> None:
    now = MONDAY + HOUR

    assert plan(auto(5 * HOUR, starts_at=MONDAY), 90, now) == plan(auto(5 * HOUR), 90, now)


def test_a_day_has_a_cap_and_hours_of_its_own() -> None:
    window = replace(
        ALWAYS,
        weekdays={"tue": (time(9), time(11))},
        caps={"mon": 10, "wed": 0, "2026-06-04": 20},
    )

    drawn = plan(pacing(window, rates=Rates(hourly_rate=60), max_daily_calls=500), 150, MONDAY)

    assert [(at - MONDAY, n) for at, n in drawn.hours] == [
        (0 * HOUR, 10), (33 * HOUR, 60), (34 * HOUR, 59), (72 * HOUR, 20), (96 * HOUR, 1),
    ]  # fmt: skip


MISSED: dict[str, tuple[PacingState, int, float | None, int]] = {
    "a fixed rate that is too slow": (
        pacing(rates=Rates(hourly_rate=10), expires_on=MONDAY + 5 * HOUR), 80, None, 30,
    ),
    "an automatic rate is as fast as it must be": (auto(5 * HOUR), 50_000, None, 0),
    "as long as its channel is": (auto(5 * HOUR), 50_000, 3600.0, 32_000),
    "and its campaign's cap": (auto(5 * HOUR, max_daily_calls=100), 180, None, 80),
    "and the window of which nothing is left": (auto(5 * HOUR, OFFICE), 7, None, 7),
    "and the band around what was computed first": (auto(5 * HOUR, baseline=10), 100, None, 40),
    "work added within that band finds a place": (auto(5 * HOUR, baseline=20), 100, None, 0),
}  # fmt: skip


@pytest.mark.parametrize(("one", "requests", "ceiling", "missed"), MISSED.values(), ids=MISSED)
def test_what_can_not_be_done_before_the_expiry_is_counted(
    one: PacingState, requests: int, ceiling: float | None, missed: int
) -> None:
    drawn = plan(one, requests, MONDAY, ceiling=ceiling)

    assert drawn.missed == missed
    assert (drawn.finishes_at is None) == (missed > 0)


def test_without_a_rate_the_channel_is_the_limit_or_a_call_a_second() -> None:
    assert plan(pacing(), 7200, MONDAY).finishes_at == MONDAY + 2 * HOUR
    assert plan(pacing(), 7200, MONDAY, ceiling=14_400.0).finishes_at == MONDAY + HOUR / 2


@pytest.mark.parametrize(
    ("paced", "measured", "minutes"),
    [
        pytest.param(3600, None, 10, id="nothing-to-tell"),
        pytest.param(3600, 600.0, 60, id="falls-short"),
        pytest.param(3600, 3000.0, 10, id="chance"),
        pytest.param(3600, 9000.0, 10, id="a-burst"),
        pytest.param(None, 1200.0, 30, id="no-rate"),
    ],
)
def test_what_falls_short_of_its_rate_goes_on_as_it_goes(
    paced: int | None, measured: float | None, minutes: int
) -> None:
    drawn = plan(pacing(rates=Rates(hourly_rate=paced)), 600, MONDAY, load=Load(measured=measured))

    assert drawn.finishes_at is not None
    assert abs(drawn.finishes_at - MONDAY - timedelta(minutes=minutes)) < timedelta(minutes=1)


def finishes_after(requests: int, one: PacingState, load: Load) -> timedelta:
    drawn = plan(one, requests, MONDAY, load=load)
    assert drawn.finishes_at is not None
    return drawn.finishes_at - MONDAY


def test_who_has_to_wait_is_not_attempted_before() -> None:
    one = pacing(rates=Rates(hourly_rate=60))
    later = {MONDAY + 3 * HOUR + HOUR / 2: 40, MONDAY + 5 * HOUR: 1}

    drawn = plan(one, 100, MONDAY, load=Load(later=later))

    assert [(at - MONDAY, n) for at, n in drawn.hours] == [
        (0 * HOUR, 59), (3.5 * HOUR, 30), (4 * HOUR, 10), (5 * HOUR, 1),
    ]  # fmt: skip
    assert finishes_after(100, one, Load(later=later)) == 5 * HOUR + HOUR / 60


def test_who_never_may_be_attempted_is_left_out() -> None:
    drawn = plan(pacing(), 3, MONDAY, load=Load(later={OUT_OF_SIGHT: 2}))

    assert (drawn.finishes_at, drawn.missed) == (None, 2)


def test_retries_take_their_part_of_the_rate_and_come_after_their_delay() -> None:
    one = pacing(rates=Rates(hourly_rate=60))

    at_once = finishes_after(600, one, Load(retried=Retrying(0.5, timedelta(minutes=1))))
    tomorrow = finishes_after(60, one, Load(retried=Retrying(0.02, 24 * HOUR)))

    assert 18 * HOUR < at_once < 21 * HOUR, "each half of a half: twice as many"
    assert 25 * HOUR <= tomorrow < 26 * HOUR


def test_retries_that_the_expiry_cuts_off_leave_no_request_out() -> None:
    one = pacing(rates=Rates(hourly_rate=60), expires_on=MONDAY + 2 * HOUR)

    drawn = plan(one, 60, MONDAY, load=Load(retried=Retrying(0.5, 24 * HOUR)))

    assert (drawn.finishes_at, drawn.missed) == (one.expires_on, 0)


def test_a_window_that_opens_within_an_hour_is_waited_for() -> None:
    one = pacing(replace(OFFICE, start=time(9, 30)), rates=Rates(hourly_rate=60))

    assert finishes_after(10, one, Load()) == 9.5 * HOUR + HOUR / 6


def test_the_chart_has_a_bar_for_each_hour() -> None:
    drawn = plan(pacing(rates=Rates(hourly_rate=2)), 3, MONDAY)

    assert chart(drawn, width=4) == [
        "Mon 01 Jun 00:00  ████       2",
        "Mon 01 Jun 01:00  ██         1",
    ]
