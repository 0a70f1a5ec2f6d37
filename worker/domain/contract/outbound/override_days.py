"""One day under their rules: what a rule leaves open is as it was before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from worker.domain.schedule.windows import WEEK

Rule = Mapping[str, Any]
Rules = Mapping[str, Mapping[str, Rule]]
FULL = {
    name: day
    for day, full in zip(
        WEEK,
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        strict=True,
    )
    for name in (day, full)
}
"""Weekdays by each name they may have."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day: may anybody be contacted on it, and in which hours."""

    active: bool
    hours: tuple[str, str]

    def under(self, rule: Rule) -> "Day":
        """The same day under one more rule."""
        said = rule.get("active")
        start, end = rule.get("daily_start_time"), rule.get("daily_end_time")
        hours = (start or self.hours[0], end or self.hours[1])
        return replace(self, active=self.active if said is None else said, hours=hours)


@dataclass(frozen=True, slots=True)
class Usual:
    """A campaign's days and hours where no rule says otherwise."""

    days: tuple[str, ...]
    hours: tuple[str, str]

    def under(self, rule: Rule, weekday: str) -> Day:
        """A weekday under its rule."""
        return Day(weekday in self.days, self.hours).under(rule)


def says_when(rule: Rule) -> bool:
    """Return whether a rule says more than a cap."""
    when = ("active", "daily_start_time", "daily_end_time")
    return any(rule.get(name) is not None for name in when)


def weekday_of(day: str) -> str | None:
    """The weekday of a date; None where it is none."""
    try:
        return WEEK[date.fromisoformat(day).weekday()]
    except ValueError:
        return None
