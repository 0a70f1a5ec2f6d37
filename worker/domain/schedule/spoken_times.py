"""Times as an operator types them: `tomorrow 8:00`, by the clocks of a zone."""

from datetime import UTC, date, datetime, time, timedelta
from re import fullmatch
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WANTED = (
    "must be a time like 'tomorrow 8:00', 'fri 17:30', '2027-11-22 8:00' or 2027-11-22T08:00:00Z"
)


def spoken_time(text: str, zone: str, now: datetime) -> datetime:
    """The moment that is meant.

    Args:
        text: a day (today, tomorrow, a weekday or a date) and a time, or a time with its offset.
        zone: whose clocks are meant where no offset says otherwise.
        now: by the database's clock: which day it is.

    Raises:
        ValueError: in a sentence: it is no time, or the zone's clocks never show it, or twice.
    """
    spoken = fullmatch(
        r"([a-z]+|\d{4}-\d\d-\d\d)[ t](\d{1,2}:\d\d(?::\d\d)?)", text.strip().lower()
    )
    return _exact(text) if spoken is None else _by_clock(spoken[1], _clock(spoken[2]), zone, now)


def _exact(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(WANTED) from None
    if found.tzinfo is None:
        raise ValueError(WANTED)
    return found.astimezone(UTC)


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text.zfill(5 if text.count(":") == 1 else 8))
    except ValueError:
        raise ValueError(WANTED) from None


def _by_clock(day: str, clock: time, zone: str, now: datetime) -> datetime:
    today = now.astimezone(ZoneInfo(zone))
    return shown_by(datetime.combine(_day(day, clock, today), clock), zone)


def shown_by(shown: datetime, zone: str) -> datetime:
    """The one moment at which the clocks of a zone show this.

    Raises:
        ValueError: they never do, or twice.
    """
    here = ZoneInfo(zone)
    first, second = (shown.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(here).replace(tzinfo=None) != shown:
        raise ValueError(f"the clocks of {zone} skip this time: give it with its offset")
    if first != second:
        raise ValueError(f"the clocks of {zone} show this time twice: give it with its offset")
    return first


def _day(name: str, clock: time, here: datetime) -> date:
    today = here.date()
    if name in {"today", "tomorrow"}:
        return today + timedelta(days=name == "tomorrow")
    for names in (DAYS, NAMES):
        if name in names:
            ahead = (names.index(name) - today.weekday()) % 7
            passed = not ahead and clock <= here.time()
            return today + timedelta(days=7 if passed else ahead)
    try:
        return date.fromisoformat(name)
    except ValueError:
        raise ValueError(WANTED) from None
