"""Random campaigns for a simulated week."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.windows import LAST_SECOND, RECIPIENT_DAY, WEEK, Window, open_seconds

# Weeks in which the clocks change: Europe's spring and autumn, America's spring and autumn.
WEEKS = tuple(datetime(2026, *day, tzinfo=UTC) for day in ((3, 25), (10, 21), (3, 4), (10, 28)))
WEEK_LONG = timedelta(days=7)
ZONES = ("Europe/Paris", "America/New_York", "Europe/London", "Australia/Sydney", "Asia/Kolkata")
NUMBERS = ("+12125550100", "+13105550100", "+33142685300", "+442071838750", "+61292345678")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One batch of a campaign of its own."""

    hours: OpenHours
    begins: datetime
    requests: int
    rate: int | None
    max_daily_calls: int | None
    expires_on: datetime | None
    retry_share: float
    number: str
    added: tuple[tuple[datetime, int], ...] = ()
    """Work that comes later: when, and how many requests."""


def random_case(random: Random, *, auto: bool) -> Case:
    """A campaign in a week with a DST change."""
    begins = random.choice(WEEKS)
    window = _window(random, begins)
    open_hours = open_seconds(window, begins, begins + WEEK_LONG) / 3600
    requests = random.randint(50, 400)
    ends = begins + timedelta(hours=random.randint(24, 7 * 24)) if auto else None
    asks = random.random() < 0.4 and not auto
    # An automatic rate can keep its promise to what it knew; a cap, or more work, may be too much.
    harder = auto and ends is not None and random.random() < 0.6
    return Case(
        hours=OpenHours(window=window, recipient=RECIPIENT_DAY if asks else None),
        begins=begins,
        requests=requests if auto or open_hours < 1 else random.randint(200, 3000),
        rate=None if auto else random.choice((20, 60, 100, 360)),
        max_daily_calls=_cap(random, auto=auto, harder=harder),
        expires_on=ends,
        retry_share=random.choice((0.0, 0.0, 0.1)) if auto and not harder else 0.0,
        number=random.choice(NUMBERS),
        added=_added(random, begins, ends, requests) if harder and ends else (),
    )


def _cap(random: Random, *, auto: bool, harder: bool) -> int | None:
    if auto:
        return random.choice((None, 20, 60, 150)) if harder else None
    return random.choice((None, None, 100, 250))


def _added(
    random: Random, begins: datetime, ends: datetime, requests: int
) -> tuple[tuple[datetime, int], ...]:
    if random.random() < 0.4:
        return ()
    at = begins + (ends - begins) * random.uniform(0.05, 0.5)
    return ((at.replace(microsecond=0), int(requests * random.uniform(0.05, 1.5)) + 1),)


def _window(random: Random, begins: datetime) -> Window:
    start, end = random.choice(
        (
            (time(9), time(20)),
            (time(8, 30), time(17)),
            (time(22), time(4)),
            (time(0), LAST_SECOND),
            (time(1, 30), time(3, 15)),
        )
    )
    holiday: date = (begins + timedelta(days=random.randint(0, 6))).date()
    short: date = (begins + timedelta(days=random.randint(0, 6))).date()
    return Window(
        start=start,
        end=end,
        days=frozenset(random.sample(WEEK, random.randint(4, 7))),
        zone=random.choice(ZONES),
        holidays=frozenset({holiday}) if random.random() < 0.5 else frozenset(),
        overrides={short: random.choice((None, (time(10), time(12))))}
        if random.random() < 0.3
        else {},
    )
