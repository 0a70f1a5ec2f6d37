"""Hours that never come, and the others."""

from datetime import UTC, date, datetime, time

import pytest

from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.reachability import (
    APART,
    NO_ZONE,
    OUTSIDE,
    TOO_LATE,
    Alike,
    Never,
    Reach,
)
from worker.domain.schedule.windows import (
    LAST_SECOND,
    LONGEST_NUMBER_PREFIX,
    RECIPIENT_DAY,
    Hours,
    Window,
)

SUMMER, WINTER = datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 8, tzinfo=UTC)
ALL_DAY = Window(start=time(0), end=LAST_SECOND)
AUSTIN, BERLIN, TOKYO = "+15125550100", "+493012345678", "+81312345678"
AMERICAN_TOLL_FREE, GLOBAL_TOLL_FREE = "+18005550100", "+80012345678"


def alike(address: str, n: int = 1) -> Alike:
    return Alike(address[:LONGEST_NUMBER_PREFIX], len(address), n)


def never(
    address: str,
    *,
    window: Window = ALL_DAY,
    recipient: Hours | None = RECIPIENT_DAY,
    now: datetime = SUMMER,
    expires_on: datetime | None = None,
) -> list[str]:
    hours = OpenHours(window=window, recipient=recipient)
    return [one.why for one in Reach(hours, now, expires_on).never([alike(address)])]


@pytest.mark.parametrize("address", [AUSTIN, BERLIN, TOKYO])
def test_who_has_a_zone_is_reached_in_its_day(address: str) -> None:
    assert never(address) == []


@pytest.mark.parametrize(
    "address",
    [GLOBAL_TOLL_FREE, "+88161234567", "+870773111632", "+882161234567"],
)
def test_a_number_of_no_country_is_never_contacted_while_its_hours_are_asked(address: str) -> None:
    assert never(address) == [NO_ZONE]
    assert never(address, recipient=None) == []


def test_zones_without_a_common_hour_are_counted() -> None:
    morning = (time(9), time(10))

    assert never(AMERICAN_TOLL_FREE, recipient=morning) == [APART]
    assert never(AUSTIN, recipient=morning) == []


def test_a_campaign_that_is_open_while_they_sleep_never_meets_them() -> None:
    berlin_morning = Window(start=time(9), end=time(11), zone="Europe/Berlin")

    assert never(TOKYO, window=berlin_morning) == []
    assert never(AUSTIN, window=berlin_morning) == [OUTSIDE]
    assert never(BERLIN, window=berlin_morning) == []


def test_a_meeting_of_seconds_is_none() -> None:
    hardly = Window(start=time(8), end=time(9, 0, 5), zone="Europe/Berlin")

    assert never(BERLIN, window=hardly) == [OUTSIDE]


def test_a_campaign_of_one_weekday_or_a_later_date_is_waited_for() -> None:
    saturdays = Window(start=time(12), end=time(13), zone="Europe/Berlin", days=frozenset({"sat"}))
    closed = frozenset(date(2026, 7, day) for day in range(1, 15))

    assert never(BERLIN, window=saturdays) == []
    assert never(BERLIN, window=Window(start=time(12), end=time(13), holidays=closed)) == []


def test_hours_behind_the_end_of_the_batch_are_too_late() -> None:
    tonight = datetime(2026, 7, 1, 13, tzinfo=UTC)

    assert never(AUSTIN, expires_on=tonight) == [TOO_LATE]
    assert never(BERLIN, expires_on=tonight) == []


def test_they_are_counted_by_reason_the_most_frequent_first() -> None:
    berlin_morning = Window(start=time(9), end=time(11), zone="Europe/Berlin")
    hours = OpenHours(window=berlin_morning, recipient=RECIPIENT_DAY)

    found = Reach(hours, WINTER, None).never([
        alike(GLOBAL_TOLL_FREE, 2), alike(AUSTIN, 1_000), alike("+13235550100", 7), alike(BERLIN, 5)
    ])  # fmt: skip

    assert found == (Never(1_007, OUTSIDE), Never(2, NO_ZONE))
    assert str(found[0]) == f"1,007: {OUTSIDE}"
