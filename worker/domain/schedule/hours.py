"""Hours and delays as a campaign writes them, and the values they stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from worker.domain.evidence.retries import Outcome
from worker.domain.fields import clock_time, interval
from worker.domain.schedule.windows import WEEK, Hours, Window, whole_day
from worker.domain.statuses import Channel


def _day(value: str) -> str:
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be dates like 2026-12-25") from None
    return parsed.isoformat()


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _holidays(days: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({_day(day) for day in days}))


def _overrides(days: dict[str, list[str] | None]) -> dict[str, list[str] | None]:
    return {_day(day): _override(hours) for day, hours in sorted(days.items())}


def _override(hours: list[str] | None) -> list[str] | None:
    if hours is None:
        return None
    if len(hours) != 2:
        raise ValueError('must be ["09:00:00", "12:00:00"] or null for each date')
    start, end = (clock_time(hour) for hour in hours)
    if start == end:
        raise ValueError("must start and end at different times")
    return [start.isoformat(), end.isoformat()]


def _weekday_hours(days: dict[str, list[str]]) -> dict[str, list[str] | None]:
    if unknown := set(days) - set(WEEK):
        raise ValueError(f"may name {', '.join(WEEK)}; {len(unknown)} are unknown")
    return {day: _override(days[day]) for day in WEEK if day in days}


def _caps(caps: dict[str, int]) -> dict[str, int]:
    return {name if name in WEEK else _day_or_weekday(name): n for name, n in caps.items()}


def _day_or_weekday(name: str) -> str:
    try:
        return _day(name)
    except ValueError:
        raise ValueError("must name dates like 2026-12-25, or mon to sun") from None


def _outcomes(names: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := set(names) - set(Outcome):
        raise ValueError(f"may name {', '.join(Outcome)}; {len(unknown)} are unknown")
    return tuple(str(outcome) for outcome in Outcome if outcome in names)


def _delays(delays: dict[str, str]) -> dict[str, str]:
    _outcomes(tuple(delays))
    for delay in delays.values():
        interval(delay)
    return delays


Holidays = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), AfterValidator(_holidays)]
Overrides = Annotated[dict[str, list[str] | None], AfterValidator(_overrides)]
WeekdayHours = Annotated[dict[str, list[str]], AfterValidator(_weekday_hours)]
Cap = Annotated[int, Field(ge=0, le=2**31 - 1)]
DailyCaps = Annotated[dict[str, Cap], AfterValidator(_caps)]
Outcomes = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), AfterValidator(_outcomes)]
RetryDelays = Annotated[dict[str, str], AfterValidator(_delays)]


def intervals(delays: Mapping[str, str]) -> dict[str, timedelta]:
    """The delays by outcome, `{"busy": "10m"}`, as durations."""
    return {name: interval(delay) for name, delay in delays.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHours:
    """The hours of a campaign: its own window and, unless None, the recipient's hours."""

    window: Window
    recipient: Hours | None


def open_hours(channel: Channel, fields: Mapping[str, Any]) -> OpenHours:
    """The hours of a campaign, from its fields by name.

    Mail has none of the recipient's: it waits in a mailbox.
    """
    local = (fields["recipient_start_time"], fields["recipient_end_time"])
    asks = fields["recipient_hours"] and channel is not Channel.EMAIL and not whole_day(local)
    overrides = fields["date_overrides"].items()
    weekdays = fields["weekday_hours"].items()
    return OpenHours(
        window=Window(
            start=fields["daily_start_time"],
            end=fields["daily_end_time"],
            days=frozenset(fields["active_days"]),
            zone=fields["timezone"],
            holidays=frozenset(date.fromisoformat(day) for day in fields["holidays"]),
            overrides={date.fromisoformat(day): _hours_of(hours) for day, hours in overrides},
            weekdays={day: _read_hours(hours) for day, hours in weekdays},
            caps=dict(fields["daily_caps"]),
        ),
        recipient=local if asks else None,
    )


def _hours_of(hours: list[str] | None) -> Hours | None:
    return None if hours is None else _read_hours(hours)


def _read_hours(hours: Sequence[str]) -> Hours:
    return time.fromisoformat(hours[0]), time.fromisoformat(hours[1])
