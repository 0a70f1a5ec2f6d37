"""How long a provider may hold a text."""

from datetime import UTC, datetime, time, timedelta

import pytest

from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.validity import LONGEST, SHORTEST, arrives_until, validity
from worker.domain.schedule.windows import LAST_SECOND, Hours, Window, is_open, local_window

ALL_DAY: Hours = (time(0), LAST_SECOND)
DAY: Hours = (time(9), time(20))
NIGHT: Hours = (time(20), time(2, 30))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def hours(own: Hours, zone: str = "UTC", *, recipient: Hours | None = None) -> OpenHours:
    return OpenHours(window=Window(start=own[0], end=own[1], zone=zone), recipient=recipient)


BERLIN, NEW_YORK, LISBON = "Europe/Berlin", "America/New_York", "Europe/Lisbon"
ENDS: dict[str, tuple[OpenHours, tuple[str, ...], str | None, str, str | None]] = {
    "nothing ends": (hours(ALL_DAY), (), None, "2026-06-01T10:00Z", None),
    "the batch expires": (
        hours(ALL_DAY), (), "2026-06-01T11:00Z", "2026-06-01T10:00Z", "2026-06-01T11:00Z",
    ),
    "the window closes": (
        hours(DAY), (), "2026-06-02T11:00Z", "2026-06-01T10:00Z", "2026-06-01T20:00Z",
    ),
    "the batch expires before it closes": (
        hours(DAY), (), "2026-06-01T19:00Z", "2026-06-01T10:00Z", "2026-06-01T19:00Z",
    ),
    "over midnight": (
        hours(NIGHT), (), None, "2026-06-01T23:30Z", "2026-06-02T02:30Z",
    ),
    "the same day again, closed all the same": (
        hours(DAY), (), None, "2026-06-01T20:00Z", "2026-06-01T20:00Z",
    ),
    "clocks go forward before it closes": (  # 02:30 does not happen: 3 h on the wall, 2 h in truth
        hours(NIGHT, BERLIN), (), None, "2026-03-29T00:00+01:00", "2026-03-29T01:00Z",
    ),
    "clocks go back before it closes": (  # 02:30 happens twice: the first
        hours(NIGHT, BERLIN), (), None, "2026-10-25T00:00+02:00", "2026-10-25T00:30Z",
    ),
    "the recipient's evening": (
        hours(ALL_DAY, recipient=DAY), (BERLIN,), None, "2026-06-01T10:00Z", "2026-06-01T18:00Z",
    ),
    "the eastern of two zones ends it": (
        hours(ALL_DAY, recipient=DAY), (LISBON, BERLIN), None, "2026-06-01T10:00Z", "2026-06-01T18:00Z",
    ),
    "the campaign closes before the recipient does": (
        hours(DAY, BERLIN, recipient=DAY), (NEW_YORK,), None, "2026-06-01T14:00Z", "2026-06-01T18:00Z",
    ),
    "the recipient sleeps": (
        hours(ALL_DAY, recipient=DAY), (NEW_YORK,), None, "2026-06-01T10:00Z", "2026-06-01T10:00Z",
    ),
    "one of two zones sleeps": (
        hours(ALL_DAY, recipient=DAY), (BERLIN, NEW_YORK), None, "2026-06-01T10:00Z", "2026-06-01T10:00Z",
    ),
    "nobody knows where": (
        hours(ALL_DAY, recipient=DAY), (), None, "2026-06-01T10:00Z", "2026-06-01T10:00Z",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("open_hours", "zones", "expires", "now", "end"), ENDS.values(), ids=ENDS)
def test_a_text_may_arrive_until_the_first_of_its_ends(
    open_hours: OpenHours, zones: tuple[str, ...], expires: str | None, now: str, end: str | None
) -> None:
    found = arrives_until(open_hours, zones, at(expires) if expires else None, at(now))

    assert found == (at(end) if end else None)


@pytest.mark.parametrize("night", ["2026-03-28", "2026-10-24"])
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LISBON, "Australia/Lord_Howe"])
@pytest.mark.parametrize("own", [DAY, NIGHT], ids=["day", "over midnight"])
def test_at_no_moment_of_a_night_of_clocks_it_arrives_when_it_is_closed(
    own: Hours, zone: str, night: str
) -> None:
    window = local_window(own, zone)
    start = at(f"{night}T12:00Z")
    for minutes in range(0, 30 * 60, 7):
        now = start + timedelta(minutes=minutes)
        end = arrives_until(hours(own, zone), (), None, now)

        assert end is not None
        assert (end == now) == (not is_open(window, now))
        last = min(end - timedelta(seconds=1), now + timedelta(seconds=LONGEST))
        assert end == now or is_open(window, last)


VALIDITIES: dict[str, tuple[float | None, int | None]] = {
    "no end in sight": (None, LONGEST),
    "a week": (604_800.0, LONGEST),
    "one second less than the longest": (1000.0 + LONGEST - 1, LONGEST - 1),
    "a part of a second is no second": (1060.9, 60),
    "the shortest": (1000.0 + SHORTEST, SHORTEST),
    "a moment less than the shortest": (1000.0 + SHORTEST - 0.01, None),
    "over": (900.0, None),
}


@pytest.mark.parametrize(("valid_until", "held"), VALIDITIES.values(), ids=VALIDITIES)
def test_it_is_held_for_the_whole_seconds_left(valid_until: float | None, held: int | None) -> None:
    assert validity(valid_until, 1000.0) == held
