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
from worker.domain.schedule.windows import Window, is_open, open_seconds

HOUR = timedelta(hours=1)
HORIZON = timedelta(days=366)
UNPACED = 3600.0
"""What a batch without a rate is assumed to get where the channel's limit is unknown: a call a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Attempts by hour (its beginning, UTC), when the last one begins, and how many miss the end."""

    hours: tuple[tuple[datetime, int], ...]
    finishes_at: datetime | None
    missed: int


def plan(
    standing: PacingState, requests: int, now: datetime, *, ceiling: float | None = None
) -> Plan:
    """Lay out first attempts hour by hour; the recipients' own clocks and retries are left out.

    `finishes_at` is None where some requests would miss the expiry, or never find an open window.

    Args:
        standing: the batch as a scan would find it.
        requests: how many wait.
        now: by the database's clock.
        ceiling: attempts an hour that the channel allows all batches together; None: unknown.
    """
    standing = _with_baseline(replace(standing, remaining=requests), now)
    done = 0.0
    per_day: Counter[date] = Counter()
    hours: list[tuple[datetime, int]] = []
    finishes_at: datetime | None = None
    horizon = begins_at(standing, now) + HORIZON
    ends = min(standing.expires_on or horizon, horizon)
    at = begins_at(standing, now)
    while at < ends and int(done + 1e-6) < requests:
        until = min(_next_hour(at), ends)
        planned = replace(standing, remaining=requests - int(done + 1e-6))
        rate = min(current_rate(planned, at) or ceiling or UNPACED, ceiling or inf)
        most = rate * _usable(standing.hours.window, at, until) / HOUR.total_seconds()
        most = min(most, _left(standing, per_day, at, now), requests - done)
        n = int(done + most + 1e-6) - int(done + 1e-6)
        done += most
        per_day[local_day(standing, at)] += n
        if n:
            hours.append((at, n))
        if int(done + 1e-6) >= requests:
            finishes_at = min(at + timedelta(hours=most / rate), until)
        at = until
    return Plan(tuple(hours), finishes_at, requests - int(done + 1e-6))


def _with_baseline(standing: PacingState, now: datetime) -> PacingState:
    """An automatic rate is held to what is computed first, and that is now where nothing is yet."""
    computed = new_baseline(standing, now)
    rates = standing.rates
    return (
        standing if computed is None else replace(standing, rates=replace(rates, baseline=computed))
    )


def _usable(window: Window, start: datetime, end: datetime) -> float:
    """Seconds in which attempts may begin: shortly before a closing none does."""
    seconds = open_seconds(window, start, end)
    closes = bool(seconds) and not is_open(window, end)
    return max(0.0, seconds - MARGIN.total_seconds()) if closes else seconds


def _next_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def _left(standing: PacingState, per_day: Counter[date], at: datetime, now: datetime) -> float:
    day = local_day(standing, at)
    if (cap := cap_on(standing, day)) is None:
        return inf
    used = per_day[day] + (standing.used_today if day == local_day(standing, now) else 0)
    return float(max(0, cap - used))


def chart(plan: Plan, *, width: int = 40, zone: tzinfo = UTC) -> list[str]:
    """The plan as lines of plain text: the hour in this zone, a bar, the number."""
    most = max((n for _, n in plan.hours), default=1)
    return [
        f"{at.astimezone(zone):%a %d %b %H:%M}  {'█' * max(1, round(width * n / most)):<{width}} {n:>7,}"
        for at, n in plan.hours
    ]
