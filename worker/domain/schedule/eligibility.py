"""Eligibility: what a batch may claim now or, if nothing, when it may next and why not."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from worker.domain.schedule import pace
from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.pace import Allowance, Rates
from worker.domain.schedule.windows import (
    Window,
    cap_of,
    closes_at,
    known_zone,
    open_seconds,
    opens_at,
)
from worker.domain.wire import stamp

MARGIN = timedelta(seconds=10)
"""Nothing begins so shortly before a closing: what has begun may still take a send window to go out."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingState:
    """The facts that decide whether a batch may claim."""

    batch: int
    campaign: int
    hours: OpenHours
    rates: Rates
    starts_at: datetime | None = None
    expires_on: datetime | None = None
    remaining: int = 0
    max_daily_calls: int | None = None
    used_today: int = 0
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True)
class Claimable:
    """It may claim `most` requests (None: as many as there is room for), to begin before `until`."""

    most: int | None
    until: datetime | None
    allowance: Allowance
    per_hour: float | None


@dataclass(frozen=True, slots=True)
class NotYet:
    """It may not: look again at `at`."""

    at: datetime
    why: str
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class WindowState:
    """A campaign's window at one moment: when it opens, or since it is open, when it closes."""

    opens: datetime | None
    closes: datetime | None


def window_state(window: Window, now: datetime) -> WindowState:
    """The same for all batches of a campaign. It is shut a margin before the window closes."""
    closing = closes_at(window, now)
    shut = closing is not None and now >= closing - MARGIN
    return WindowState(opens_at(window, closing if closing and shut else now), closing)


def evaluate(
    pacing: PacingState,
    now: datetime,
    at: WindowState | None = None,
    *,
    told_in: str | None = None,
) -> Claimable | NotYet:
    """Judge what the batch may do now. Pausing, expiry and halts are judged by whoever reads the batch.

    Args:
        pacing: the facts.
        now: the moment.
        at: its campaign's door, where that is known already.
        told_in: the zone in which a sentence tells times; None: the campaign's.
    """
    window = pacing.hours.window
    if pacing.starts_at is not None and pacing.starts_at > now:
        why = f"starts {local_time(pacing.starts_at, told_in or window.zone)}"
        return NotYet(pacing.starts_at, why, pacing.allowance)
    at = at or window_state(window, now)
    per_hour = current_rate(pacing, now)
    allowance = pacing.allowance
    if per_hour is not None:
        allowance = pace.accrue(allowance, per_hour, now)
    if at.opens is None:
        return NotYet(NEVER, "its calling window never opens", allowance)
    if at.opens > now:
        why = f"outside calling window until {local_time(at.opens, told_in or window.zone)}"
        return NotYet(at.opens, why, allowance)
    if (left := daily_left(pacing, now)) == 0:
        why = f"daily cap {cap_on(pacing, local_day(pacing, now)):,} reached"
        return NotYet(next_midnight(window.zone, now), why, allowance)
    if per_hour is not None and pace.whole(allowance) < 1:
        again = pace.next_claim_at(allowance, per_hour)
        return NotYet(again, f"paced at {per_hour:,.0f} an hour", allowance)
    paced = pace.whole(allowance) if per_hour is not None else None
    most = min((n for n in (paced, left) if n is not None), default=None)
    closing = None if at.closes is None else at.closes - MARGIN
    ends = (end for end in (closing, pacing.expires_on) if end is not None)
    until = min(ends, default=None)
    return Claimable(most, until, allowance, per_hour)


def begins_at(pacing: PacingState, now: datetime) -> datetime:
    """Return from when on its time counts: now, or when it starts."""
    return now if pacing.starts_at is None else max(pacing.starts_at, now)


def current_rate(pacing: PacingState, now: datetime) -> float | None:
    """Attempts per hour at this moment; None: as fast as the channel goes."""
    if pacing.rates.auto_call_rate and pacing.expires_on is not None:
        window, ends = pacing.hours.window, pacing.expires_on
        begins = begins_at(pacing, now)
        return pace.rate(pacing.rates, pacing.remaining, window, begins, ends)
    fixed = pace.fixed_rate(pacing.rates)
    return None if fixed is None else float(fixed)


def new_baseline(pacing: PacingState, now: datetime) -> int | None:
    """The baseline an automatic rate lacks; None where it has one, needs none or has no work."""
    rates, ends = pacing.rates, pacing.expires_on
    if not rates.auto_call_rate or rates.baseline is not None or not pacing.remaining:
        return None
    if ends is None:
        return None
    return pace.baseline(
        pacing.remaining, open_seconds(pacing.hours.window, begins_at(pacing, now), ends)
    )


def local_day(pacing: PacingState, at: datetime) -> date:
    """The campaign's own day."""
    return at.astimezone(known_zone(pacing.hours.window.zone)).date()


def cap_on(pacing: PacingState, day: date) -> int | None:
    """Return how many attempts the campaign may make on a day; None: any number."""
    own = cap_of(pacing.hours.window.caps, day)
    return pacing.max_daily_calls if own is None else own


def is_capped(pacing: PacingState) -> bool:
    """Return whether some day has a cap."""
    return pacing.max_daily_calls is not None or bool(pacing.hours.window.caps)


def daily_left(pacing: PacingState, now: datetime) -> int | None:
    """Return how many attempts the campaign's cap of today leaves; None where there is none."""
    cap = cap_on(pacing, local_day(pacing, now))
    return None if cap is None else max(0, cap - pacing.used_today)


def day_began(zone: str, now: datetime) -> datetime:
    """The local midnight with which the day of `now` began."""
    here = known_zone(zone)
    local = now.astimezone(here or UTC)
    return datetime.combine(local.date(), time(0), local.tzinfo).astimezone(UTC)


def next_midnight(zone: str, now: datetime) -> datetime:
    """Return when the next local day begins, 23 to 25 hours after the last."""
    local = now.astimezone(known_zone(zone) or UTC)
    tomorrow = local.date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), local.tzinfo).astimezone(UTC)


def local_time(at: datetime, zone: str) -> str:
    """A time as a sentence tells it, with its zone."""
    here = known_zone(zone)
    return stamp(at) if here is None else f"{at.astimezone(here):%a %d %b %H:%M} {zone}"
