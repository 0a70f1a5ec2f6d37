"""Rules for days and dates: theirs, and our holidays and overridden dates.

A date may be closed or have hours of its own; a weekday may be closed or opened. Hours of a weekday, and caps
of a day other than 0, we do not have: they are refused by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from worker.domain.schedule.windows import WEEK
from worker.domain.wire import Wire

FIELD = "outreach_override_rules"
Rules = Mapping[str, Mapping[str, Mapping[str, Any]]]
Rule = Mapping[str, Any]
Hours = tuple[str, str]


def faults_in(rules: Rules) -> list[str]:
    """Find the rules that can't be honoured, each by its place."""
    hours = ("daily_start_time", "daily_end_time")
    found = [
        f"{FIELD}.days.{day}.{name}: hours of a weekday are not supported; use dates"
        for day, rule in rules.get("days", {}).items()
        for name in hours
        if rule.get(name) is not None
    ]
    found += [
        f"{FIELD}.days.{day}: must be a weekday, like mon or monday"
        for day in rules.get("days", {})
        if day.lower() not in _FULL
    ]
    return found + [
        f"{FIELD}.{kind}.{day}.max_daily_calls: a cap of a day is not supported, but for 0"
        for kind in ("days", "dates")
        for day, rule in rules.get(kind, {}).items()
        if rule.get("max_daily_calls")
    ]


def dates_of(rules: Rules, usual: Hours) -> dict[str, list[str] | None]:
    """Our `date_overrides`; what a date's rule leaves open is as usual."""
    return {day: _date(rule, usual) for day, rule in rules.get("dates", {}).items()}


def days_of(rules: Rules, usual: Sequence[str]) -> list[str]:
    """Our `active_days`."""
    said = {_FULL[day.lower()]: _is_open(rule) for day, rule in rules.get("days", {}).items()}
    opened = {day: day in usual for day in WEEK}
    opened |= {day: answer for day, answer in said.items() if answer is not None}
    return [day for day in WEEK if opened[day]]


def rules_of(holidays: Sequence[str], overrides: Mapping[str, list[str] | None]) -> Wire:
    """Their rules that mean our dates; None where there are none."""
    closed: dict[str, Wire] = {day: {"active": False} for day in holidays}
    dates = closed | {day: _rule(hours) for day, hours in overrides.items()}
    return {"dates": dates} if dates else None


def _is_open(rule: Rule) -> bool | None:
    if rule.get("max_daily_calls") == 0:
        return False
    active: bool | None = rule.get("active")
    return active


def _date(rule: Rule, usual: Hours) -> list[str] | None:
    if _is_open(rule) is False:
        return None
    start, end = usual
    return [rule.get("daily_start_time") or start, rule.get("daily_end_time") or end]


def _rule(hours: list[str] | None) -> Wire:
    if hours is None:
        return {"active": False}
    return {"active": True, "daily_start_time": hours[0], "daily_end_time": hours[1]}


_FULL = {
    name: day
    for day, full in zip(
        WEEK,
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        strict=True,
    )
    for name in (day, full)
}
