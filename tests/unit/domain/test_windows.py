"""Calling windows: DST nights, midnight, holidays, and whose clock is asked."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.schedule.windows import (
    LAST_SECOND,
    RECIPIENT_DAY,
    WEEK,
    Window,
    closes_at,
    common_closing,
    common_opening,
    is_open,
    open_seconds,
    opens_at,
    recipient_zones,
)

NINE_TO_EIGHT = Window(start=time(9), end=time(20), zone="Europe/Paris")
NIGHT = Window(start=time(22), end=time(2), zone="Europe/Paris", days=frozenset({"sat"}))
WEEKDAYS = Window(start=time(9), end=time(17), days=frozenset(WEEK[:5]))
GAP = Window(start=time(2, 30), end=time(4), zone="America/New_York")
TWICE = Window(start=time(1, 30), end=time(3, 15), zone="America/New_York")
ALL_DAY = Window(start=time(0), end=LAST_SECOND, zone="America/New_York")
SPECIAL = Window(
    start=time(9),
    end=time(17),
    holidays=frozenset({date(2026, 12, 25)}),
    overrides={date(2026, 12, 24): (time(9), time(12)), date(2026, 12, 31): None},
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("window", "moment", "expected"),
    [
        pytest.param(NINE_TO_EIGHT, "2026-07-01T09:00+02:00", True, id="start is inside"),
        pytest.param(NINE_TO_EIGHT, "2026-07-01T08:59:59+02:00", False, id="before the start"),
        pytest.param(NINE_TO_EIGHT, "2026-07-01T20:00+02:00", False, id="end is outside"),
        pytest.param(NINE_TO_EIGHT, "2026-03-29T09:00+02:00", True, id="morning after DST"),
        pytest.param(NIGHT, "2026-03-28T23:00+01:00", True, id="Saturday night"),
        pytest.param(NIGHT, "2026-03-29T01:59+01:00", True, id="belongs to Saturday"),
        pytest.param(NIGHT, "2026-03-29T23:00+02:00", False, id="Sunday night"),
        pytest.param(WEEKDAYS, "2026-11-21T12:00+00:00", False, id="a Saturday"),
        pytest.param(GAP, "2026-03-08T02:59:59-05:00", True, id="the gap opens where it jumps"),
        pytest.param(GAP, "2026-03-08T01:59:59-05:00", False, id="before the jump"),
        pytest.param(TWICE, "2026-11-01T01:40-04:00", True, id="the first time past the start"),
        pytest.param(TWICE, "2026-11-01T01:10-05:00", False, id="before the start once more"),
        pytest.param(TWICE, "2026-11-01T01:40-05:00", True, id="past the start once more"),
        pytest.param(ALL_DAY, "2026-07-01T23:59:59.5-04:00", True, id="the last half second"),
        pytest.param(SPECIAL, "2026-12-25T10:00+00:00", False, id="a holiday"),
        pytest.param(SPECIAL, "2026-12-24T11:00+00:00", True, id="a short day"),
        pytest.param(SPECIAL, "2026-12-24T12:00+00:00", False, id="a short day is over"),
        pytest.param(SPECIAL, "2026-12-31T10:00+00:00", False, id="a day closed by hand"),
        pytest.param(
            Window(start=time(0), end=LAST_SECOND, zone="Mars/Base"),
            "2026-12-31T10:00+00:00",
            False,
            id="an unknown zone",
        ),
    ],
)
def test_the_window_is_open_only_when_its_clock_says_so(
    window: Window, moment: str, expected: bool
) -> None:
    assert is_open(window, at(moment)) is expected


def test_a_time_that_happens_twice_opens_at_its_first() -> None:
    window = Window(start=time(1, 30), end=time(5), zone="America/New_York")

    assert opens_at(window, at("2026-11-01T00:00-04:00")) == at("2026-11-01T01:30-04:00")


def test_it_opens_next_after_the_weekend() -> None:
    assert opens_at(WEEKDAYS, at("2026-11-20T17:00+00:00")) == at("2026-11-23T09:00+00:00")


def test_one_that_never_opens_says_so() -> None:
    never = Window(start=time(9), end=time(17), zone="Mars/Base")

    assert opens_at(never, at("2026-11-20T17:00+00:00")) is None


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-06-29", 24), ("2026-10-25", 25)],
    ids=["spring", "summer", "autumn"],
)
def test_a_whole_day_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    window = Window(start=time(0), end=LAST_SECOND, zone="Europe/Paris")
    start = opens_at(Window(start=time(0), end=time(1), zone="Europe/Paris"), at(f"{day}T00:00Z"))
    next_day = date.fromisoformat(day)
    midnight = datetime.combine(next_day, time(0)).replace(tzinfo=UTC) - timedelta(hours=3)
    start = opens_at(Window(start=time(0), end=time(1), zone="Europe/Paris"), midnight)
    assert start is not None
    end = opens_at(
        Window(start=time(0), end=time(1), zone="Europe/Paris"), start + timedelta(hours=2)
    )
    assert end is not None

    assert open_seconds(window, start, end) == hours * 3600
    assert closes_at(window, start) is None


WINDOWS = st.builds(
    Window,
    start=st.times().map(lambda t: t.replace(microsecond=0)),
    end=st.times().map(lambda t: t.replace(microsecond=0)),
    days=st.sets(st.sampled_from(WEEK), min_size=1).map(frozenset),
    zone=st.sampled_from(
        ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
    ),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(WINDOWS, MOMENTS)
def test_it_is_open_at_its_opening_and_closed_at_its_closing(
    window: Window, moment: datetime
) -> None:
    opening = opens_at(window, moment)
    assert opening is not None
    assert is_open(window, opening)
    closing = closes_at(window, opening)
    assert closing is None or not is_open(window, closing)
    if not is_open(window, moment):
        assert open_seconds(window, moment, opening) == 0
        assert not is_open(window, moment + (opening - moment) / 2)


@pytest.mark.parametrize(
    ("address", "moment", "expected"),
    [
        pytest.param("+12125550123", "2026-07-01T09:00-04:00", True, id="New York, nine"),
        pytest.param("+12125550123", "2026-07-01T08:59-04:00", False, id="New York, too early"),
        pytest.param("+33142685300", "2026-07-01T19:59+02:00", True, id="Paris, evening"),
        pytest.param("+18005550123", "2026-07-01T12:00-05:00", False, id="toll-free: anywhere"),
        pytest.param("+999123456789", "2026-07-01T12:00-05:00", False, id="nobody knows"),
    ],
)
def test_the_recipients_clock_is_asked_in_every_zone_it_may_be_in(
    address: str, moment: str, expected: bool
) -> None:
    until = common_closing(recipient_zones(address), RECIPIENT_DAY, at(moment))

    assert (until is not None) is expected


def test_zones_that_agree_for_an_hour_open_when_the_last_does() -> None:
    zones = ("America/New_York", "America/Los_Angeles")

    opening = common_opening(zones, RECIPIENT_DAY, at("2026-07-01T05:00-04:00"))

    assert opening == at("2026-07-01T09:00-07:00")
    assert common_closing(zones, RECIPIENT_DAY, opening) == at("2026-07-01T20:00-04:00")


def test_zones_that_never_agree_never_open() -> None:
    zones = ("Pacific/Auckland", "America/New_York", "Europe/Paris")

    assert common_opening(zones, RECIPIENT_DAY, at("2026-07-01T05:00-04:00")) is None


def test_a_toll_free_number_is_in_the_zones_of_its_own_country() -> None:
    zones = recipient_zones("+18005551234")

    assert {"America/New_York", "Pacific/Honolulu"} <= set(zones)
    assert not {"America/Halifax", "Pacific/Guam", "America/Barbados"} & set(zones)
