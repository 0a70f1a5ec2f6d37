"""A batch on paper: how many attempts fall into which hour, before anything is sent."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from worker.domain.turns import Standing, current_rate
from worker.domain.windows import known_zone, open_seconds

HOUR = timedelta(hours=1)
HORIZON = timedelta(days=366)
UNPACED = 3600.0
"""What a batch without a rate is assumed to get: a call a second, which any account is allowed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Attempts by hour (its beginning, UTC), when the last one begins, and how many miss the end."""

    hours: tuple[tuple[datetime, int], ...]
    finishes_at: datetime | None
    missed: int


def plan(standing: Standing, requests: int, now: datetime) -> Plan:
    """Lay out first attempts hour by hour; the recipients' own clocks and retries are left out.

    `finishes_at` is None where some requests would miss the expiry, or never find an open window.
    """
    done = 0.0
    per_day: Counter[date] = Counter()
    hours: list[tuple[datetime, int]] = []
    finishes_at: datetime | None = None
    ends = min(standing.expires_on or now + HORIZON, now + HORIZON)
    at = now
    while at < ends and int(done + 1e-6) < requests:
        until = min(_next_hour(at), ends)
        planned = replace(standing, remaining=requests - int(done + 1e-6))
        rate = current_rate(planned, at) or UNPACED
        most = rate * open_seconds(standing.hours.window, at, until) / HOUR.total_seconds()
        most = min(most, _left(standing, per_day, at, now), requests - done)
        n = int(done + most + 1e-6) - int(done + 1e-6)
        done += most
        per_day[_day(standing, at)] += n
        if n:
            hours.append((at, n))
        if int(done + 1e-6) >= requests:
            finishes_at = min(at + timedelta(hours=most / rate), until)
        at = until
    return Plan(tuple(hours), finishes_at, requests - int(done + 1e-6))


def _next_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def _day(standing: Standing, at: datetime) -> date:
    return at.astimezone(known_zone(standing.hours.window.zone)).date()


def _left(standing: Standing, per_day: Counter[date], at: datetime, now: datetime) -> float:
    if standing.max_daily_calls is None:
        return float("inf")
    day = _day(standing, at)
    used = per_day[day] + (standing.used_today if day == _day(standing, now) else 0)
    return float(max(0, standing.max_daily_calls - used))


def chart(plan: Plan, *, width: int = 40) -> list[str]:
    """The plan as lines of plain text: the hour, a bar, the number."""
    most = max((n for _, n in plan.hours), default=1)
    return [
        f"{at:%a %d %b %H:%M}  {'█' * max(1, round(width * n / most)):<{width}} {n:>7,}"
        for at, n in plan.hours
    ]
