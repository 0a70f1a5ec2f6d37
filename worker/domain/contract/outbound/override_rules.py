"""Rules for days and dates: theirs, and our hours, caps, holidays and overridden dates.

They are resolved field by field: what a date leaves open its weekday says, and what that does, the campaign.
"""

from collections.abc import Mapping, Sequence

from worker.domain.contract.campaigns import CampaignFields
from worker.domain.contract.outbound.override_days import (
    FULL,
    Rule,
    Rules,
    Usual,
    says_when,
    weekday_of,
)
from worker.domain.schedule.windows import WEEK
from worker.domain.wire import Wire

FIELD = "outreach_override_rules"
Hours = Sequence[str]


def faults_in(rules: Rules) -> list[str]:
    """Find the rules that can't be honoured, each by its place."""
    named = rules.get("days", {})
    unknown = [
        f"{FIELD}.days.{_shown(day)}: must be a weekday, like mon or monday"
        for day in named
        if day.lower() not in FULL
    ]
    known = [FULL[day.lower()] for day in named if day.lower() in FULL]
    twice = [f"{FIELD}.days.{day}: is said twice" for day in WEEK if known.count(day) > 1]
    dates = [
        f"{FIELD}.dates.{_shown(day)}: must be a date like 2026-12-25"
        for day in rules.get("dates", {})
        if weekday_of(day) is None
    ]
    return unknown + twice + dates


def fields_of(rules: Rules, usual: Usual) -> dict[str, object]:
    """Our fields that mean these rules.

    Args:
        rules: without faults.
        usual: what holds where no rule says otherwise.
    """
    days = {FULL[name.lower()]: rule for name, rule in rules.get("days", {}).items()}
    week = {day: usual.under(days.get(day, {}), day) for day in WEEK}
    dates = {
        name: week[day].under(rule)
        for name, rule in rules.get("dates", {}).items()
        if (day := weekday_of(name)) is not None and says_when(rule)
    }
    own_hours = {day: one for day, one in week.items() if one.hours != usual.hours}
    return {
        "active_days": [day for day, one in week.items() if one.active],
        "weekday_hours": {day: list(one.hours) for day, one in own_hours.items()},
        "holidays": [],
        "date_overrides": {
            name: list(one.hours) if one.active else None for name, one in dates.items()
        },
        "daily_caps": _caps(days) | _caps(rules.get("dates", {})),
    }


def _caps(rules: Mapping[str, Rule]) -> dict[str, int]:
    caps = {name: rule.get("max_daily_calls") for name, rule in rules.items()}
    return {name: cap for name, cap in caps.items() if cap is not None}


def rules_of(fields: CampaignFields) -> Wire:
    """Their rules that mean our fields; None where there are none."""
    caps = fields.daily_caps
    days: dict[str, dict[str, Wire]] = {day: _hours(h) for day, h in fields.weekday_hours.items()}
    dates: dict[str, dict[str, Wire]] = {day: {"active": False} for day in fields.holidays}
    for day, hours in fields.date_overrides.items():
        dates[day] = {"active": False} if hours is None else {"active": True} | _hours(hours)
    for day, cap in caps.items():
        (days if day in WEEK else dates).setdefault(day, {})["max_daily_calls"] = cap
    kinds: dict[str, Wire] = {"days": {**days}, "dates": {**dates}}
    told: dict[str, Wire] = {kind: rules for kind, rules in kinds.items() if rules}
    return told or None


def _hours(hours: Hours) -> dict[str, Wire]:
    return {"daily_start_time": hours[0], "daily_end_time": hours[1]}


def _shown(day: str) -> str:
    """Repeat a wrong day only where it is short and plain."""
    return day if day.isascii() and day.isalnum() and len(day) < 20 else "…"
