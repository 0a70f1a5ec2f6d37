"""Windows in which somebody may be contacted: a campaign's hours, and the recipient's own.

Wall-clock hours become instants in UTC before anything is compared: on DST nights two wall-clock
times may be one instant or one wall-clock time two. What can't be known is closed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_SECOND = time(23, 59, 59)
"""As an end it means midnight: 00:00:00 to 23:59:59 is all day."""
HORIZON = timedelta(days=400)
"""How far ahead an opening is looked for."""
ALWAYS = timedelta(days=9)
"""What stays open a week and longer is not asked when it closes."""
LONGEST_NUMBER_PREFIX = 10

Slot = tuple[datetime, datetime]
"""From (inclusive) and to (exclusive), both UTC."""
Hours = tuple[time, time]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The hours of a campaign in its own zone. An override replaces a day's hours; None closes it.

    Hours belong to the day on which they start: an end before the start is on the day after.
    """

    start: time
    end: time
    days: frozenset[str] = frozenset(WEEK)
    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()
    overrides: Mapping[date, Hours | None] = field(default_factory=dict)
    weekdays: Mapping[str, Hours] = field(default_factory=dict)
    """Hours of single weekdays, instead of those of every day."""
    caps: Mapping[str, int] = field(default_factory=dict)
    """How many may be attempted on a weekday or a date; 0 closes it."""

    @property
    def always(self) -> bool:
        """Return whether it never closes, which is decided without a calendar."""
        special = self.holidays or self.overrides or self.weekdays or self.caps
        every_day = self.days == frozenset(WEEK) and not special
        return every_day and whole_day((self.start, self.end)) and known_zone(self.zone) is not None


RECIPIENT_DAY = (time(9), time(20))
"""When a call or message may reach somebody by their own clock, unless the campaign says otherwise."""


def cap_of(caps: Mapping[str, int], day: date) -> int | None:
    """The cap of a day: its own before its weekday's; None: it has none."""
    return caps.get(day.isoformat(), caps.get(WEEK[day.weekday()]))


def whole_day(hours: Hours) -> bool:
    """Return whether the hours leave nothing out."""
    return hours == (time(0), LAST_SECOND)


def local_window(hours: Hours, zone: str) -> Window:
    """The same hours on every day of a zone."""
    return Window(start=hours[0], end=hours[1], zone=zone)


def is_open(window: Window, at: datetime) -> bool:
    """Return whether the window is open at this instant."""
    return _slot_at(window, at) is not None


def closes_at(window: Window, at: datetime) -> datetime | None:
    """Return when the window that is open now closes; None when it is closed, or always open."""
    slot = None if window.always else _slot_at(window, at)
    if slot is None:
        return None
    end = slot[1]
    for start, later in _slots(window, at, at + ALWAYS):
        if start <= end < later:
            end = later
        elif start > end:
            return end
    return end if end < at + ALWAYS - timedelta(days=2) else None


def opens_at(window: Window, at: datetime) -> datetime | None:
    """The first instant from now on at which it is open; None when there is none in sight."""
    if window.always:
        return at
    return next((max(start, at) for start, _ in _slots(window, at, at + HORIZON)), None)


def open_seconds(window: Window, start: datetime, end: datetime) -> float:
    """Sum up the seconds for which it is open between two instants."""
    total, reached = 0.0, start
    for opens, closes in _slots(window, start, end):
        begins, ends = max(opens, reached), min(closes, end)
        if ends > begins:
            total += (ends - begins).total_seconds()
            reached = ends
    return total


def _slot_at(window: Window, at: datetime) -> Slot | None:
    return next((slot for slot in _slots(window, at, at) if slot[0] <= at < slot[1]), None)


def _slots(window: Window, start: datetime, end: datetime) -> Iterator[Slot]:
    """The openings that end after `start`, in order, as far as `end`."""
    zone = known_zone(window.zone)
    if zone is None:
        return
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    while day <= last:
        hours = _hours(window, day)
        if hours is not None:
            yield from (
                slot for slot in _instants(day, hours, zone) if slot[1] > max(start, slot[0])
            )
        day += timedelta(days=1)


def _hours(window: Window, day: date) -> Hours | None:
    if cap_of(window.caps, day) == 0:
        return None
    if day in window.overrides:
        return window.overrides[day]
    weekday = WEEK[day.weekday()]
    if day in window.holidays or weekday not in window.days:
        return None
    return window.weekdays.get(weekday, (window.start, window.end))


@lru_cache(maxsize=4096)
def _instants(day: date, hours: Hours, zone: ZoneInfo) -> tuple[Slot, ...]:
    opens, closes = hours
    if closes == LAST_SECOND:
        closes = time(0)
    over_midnight = closes <= opens
    wall = datetime.combine(day, opens)
    start = _instant(wall, zone)
    end = _instant(datetime.combine(day + timedelta(days=int(over_midnight)), closes), zone)
    again = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if not start < again < end:
        return ((start, end),)
    # The start happens twice: from the clocks' going back until it comes again they show a time before.
    return ((start, _find_offset_change(start, again, zone)), (again, end))


def _find_offset_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between the two at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        same = middle.astimezone(zone).utcoffset() == offset
        before, after = (middle, after) if same else (before, middle)
    return after.replace(microsecond=0)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """A time that happens twice is its first; one in the gap is the instant the clocks jump."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # Skipped by the clocks: with fold=1 the offset after the jump is used, which lies before it.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        jumped = middle.astimezone(zone).replace(tzinfo=None) >= wall
        before, after = (before, middle) if jumped else (middle, after)
    return after.replace(microsecond=0)


@lru_cache(maxsize=1024)
def known_zone(name: str) -> ZoneInfo | None:
    """The zone of this name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=65_536)
def _zones_of_prefix(prefix: str, length: int) -> tuple[str, ...]:
    # Here, because this is the library's largest table, and most who ask for hours ask of no number.
    import phonenumbers  # noqa: PLC0415
    from phonenumbers.timezone import time_zones_for_number  # noqa: PLC0415

    try:
        number = phonenumbers.parse(prefix + "0" * (length - len(prefix)))
    except phonenumbers.NumberParseException:
        return ()
    zones = tuple(time_zones_for_number(number))
    if len(zones) > 1 and not phonenumbers.is_number_geographical(number):
        return _zones_of_region().get(phonenumbers.region_code_for_number(number) or "", zones)
    return zones


@cache
def _zones_of_region() -> dict[str, tuple[str, ...]]:
    """The zones of each country: what `zone.tab` of the time zone database says."""
    found: dict[str, tuple[str, ...]] = {}
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            region, _, zone = line.split("\t")[:3]
            found[region] = (*found.get(region, ()), zone)
    return found


def recipient_zones(address: str) -> tuple[str, ...]:
    """The zones a number in E.164 may be in; none when nobody knows.

    Of a number without geography, as a toll-free one, all that the library knows is its calling code,
    which several countries may share: then the zones of the number's own country count.
    """
    found = _zones_of_prefix(address[:LONGEST_NUMBER_PREFIX], len(address))
    return () if any(known_zone(name) is None for name in found) else found


def common_closing(zones: Iterable[str], hours: Hours, at: datetime) -> datetime | None:
    """Until when every zone is open, if all are; None when one is closed or none is known."""
    closings = []
    for zone in zones:
        window = local_window(hours, zone)
        slot = _slot_at(window, at)
        if slot is None:
            return None
        closings.append(slot[1])
    return min(closings, default=None)


def common_opening(zones: tuple[str, ...], hours: Hours, at: datetime) -> datetime | None:
    """The first instant at which every zone is open; None when they never agree or none is known."""
    moment = at
    for _ in range(2 * len(zones) + 2 if zones else 0):
        openings = [opens_at(local_window(hours, zone), moment) for zone in zones]
        if any(opening is None for opening in openings):
            return None
        latest = max(opening for opening in openings if opening)
        if latest == moment:
            return moment
        if latest > at + timedelta(days=3):
            return None
        moment = latest
    return None
