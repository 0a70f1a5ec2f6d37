"""A batch on paper: how many attempts fall into which hour, before anything is sent."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import inf

from worker.domain.schedule.eligibility import (
    MARGIN,
    PacingState,
    begins_at,
    cap_on,
    current_rate,
    local_day,
    new_baseline,
)
from worker.domain.schedule.load import NOTHING_KNOWN, OUT_OF_SIGHT, Load
from worker.domain.schedule.windows import Window, is_open, open_seconds, opens_at
from worker.domain.schedule.work import Work

HOUR = timedelta(hours=1)
HORIZON = timedelta(days=366)
UNPACED = 3600.0
"""What a batch without a rate is assumed to get where the channel's limit is unknown: a call a second."""
SHORT = 0.8
"""Of its rate; what is nearer to it is chance."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Attempts by hour (its beginning, UTC), when the last one begins, and how many miss the end."""

    hours: tuple[tuple[datetime, int], ...]
    finishes_at: datetime | None
    missed: int


def plan(
    pacing: PacingState,
    requests: int,
    now: datetime,
    *,
    ceiling: float | None = None,
    load: Load = NOTHING_KNOWN,
) -> Plan:
    """Lay out the attempts hour by hour: first ones, and as many retries as there have been lately.

    `finishes_at` is None where some requests would miss the expiry, or never find an open window.

    Args:
        pacing: the batch as a scan would find it.
        requests: how many wait.
        now: by the database's clock.
        ceiling: attempts an hour that the channel allows all batches together; None: unknown.
        load: who has to wait longer, what has been measured. What falls well short of its rate goes on as
            it goes, and what has no rate is expected at no other.
    """
    pacing = _with_baseline(replace(pacing, remaining=requests), now)
    work = Work.of(requests, now, load)
    per_day: Counter[date] = Counter()
    hours: dict[datetime, tuple[datetime, int]] = {}
    begins = begins_at(pacing, now)
    ends = min(pacing.expires_on or begins + HORIZON, begins + HORIZON)
    at = _opens(pacing.hours.window, work.next_at(begins))
    while at is not None and at < ends:
        work.admit(at)
        until = min(_next_hour(at), work.arrives_next(), ends)
        planned = replace(pacing, remaining=work.waiting)
        rate = _rate(current_rate(planned, at), ceiling, load.measured)
        most = rate * _usable(pacing.hours.window, at, until) / HOUR.total_seconds()
        n = work.do(min(most, _left(pacing, per_day, at, now)), rate, at, until)
        per_day[local_day(pacing, at)] += n
        _add(hours, at, n)
        at = _opens(pacing.hours.window, work.next_at(work.free_from(until)))
    return Plan(tuple(hours.values()), _finish(work, ends), work.waiting)


def _opens(window: Window, at: datetime | None) -> datetime | None:
    return None if at is None or at == OUT_OF_SIGHT else opens_at(window, at)


def _add(hours: dict[datetime, tuple[datetime, int]], at: datetime, n: int) -> None:
    if n:
        began, before = hours.get(_next_hour(at), (at, 0))
        hours[_next_hour(at)] = (began, before + n)


def _finish(work: Work, ends: datetime) -> datetime | None:
    """Return when the last one begins; retries that the expiry cuts off are no requests left out."""
    if work.waiting or not work.requests:
        return None
    return min(work.next_at(ends) or work.finishes_at or ends, ends)


def _rate(paced: float | None, ceiling: float | None, measured: float | None) -> float:
    rate = min(paced or measured or ceiling or UNPACED, ceiling or inf)
    return rate if measured is None or measured >= SHORT * rate else measured


def _with_baseline(pacing: PacingState, now: datetime) -> PacingState:
    """An automatic rate is held to what is computed first, and that is now where nothing is yet."""
    computed = new_baseline(pacing, now)
    rates = pacing.rates
    return pacing if computed is None else replace(pacing, rates=replace(rates, baseline=computed))


def _usable(window: Window, start: datetime, end: datetime) -> float:
    """Seconds in which attempts may begin: shortly before a closing none does."""
    seconds = open_seconds(window, start, end)
    closes = bool(seconds) and not is_open(window, end)
    return max(0.0, seconds - MARGIN.total_seconds()) if closes else seconds


def _next_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def _left(pacing: PacingState, per_day: Counter[date], at: datetime, now: datetime) -> float:
    day = local_day(pacing, at)
    if (cap := cap_on(pacing, day)) is None:
        return inf
    used = per_day[day] + (pacing.used_today if day == local_day(pacing, now) else 0)
    return float(max(0, cap - used))


def chart(plan: Plan, *, width: int = 40, zone: tzinfo = UTC) -> list[str]:
    """The plan as lines of plain text: the hour in this zone, a bar, the number."""
    most = max((n for _, n in plan.hours), default=1)
    return [
        f"{at.astimezone(zone):%a %d %b %H:%M}  {'█' * max(1, round(width * n / most)):<{width}} {n:>7,}"
        for at, n in plan.hours
    ]
