"""Segments that were let out a day under a carrier's cap, counted before they begin."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# The row first, and locked: who counts under the same cap waits, and sees what was taken meanwhile.
_TODAY = text("""
    WITH at AS (SELECT (clock_timestamp() AT TIME ZONE :zone)::date AS day)
    INSERT INTO daily_segments AS d (name, day) SELECT :name, day FROM at
    ON CONFLICT (name, day) DO UPDATE SET segments = d.segments
    RETURNING d.day, d.segments, (d.day + 1)::timestamp AT TIME ZONE :zone AS ends_at
""")
_ADD = text("""
    UPDATE daily_segments SET segments = greatest(0, segments + :more),
        full_since = CASE WHEN :is_full THEN coalesce(full_since, clock_timestamp()) ELSE full_since END
    WHERE name = :name AND day = :day
""")
_FULL_UNTIL = text("""
    SELECT (day + 1)::timestamp AT TIME ZONE :zone AS ends_at FROM daily_segments
    WHERE name = :name AND day = (clock_timestamp() AT TIME ZONE :zone)::date
        AND full_since IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Today:
    """What was used up today, and when the next day begins."""

    day: object
    segments: int
    ends_at: datetime


def lock_today(connection: Connection, name: str, zone: str) -> Today:
    """What was used up today; nobody else counts under this name before the transaction ends."""
    row = connection.execute(_TODAY, {"name": name, "zone": zone}).one()
    return Today(row.day, row.segments, row.ends_at)


def add(
    connection: Connection, name: str, day: object, more: int, *, is_full: bool = False
) -> None:
    """Count more; a negative number returns what did not begin. `is_full`: others had no room."""
    told = {"name": name, "day": day, "more": more, "is_full": is_full}
    connection.execute(_ADD, told)


def full_until(connection: Connection, name: str, zone: str) -> datetime | None:
    """When the next day begins, where somebody had no room today; None: all had."""
    found: datetime | None = connection.scalar(_FULL_UNTIL, {"name": name, "zone": zone})
    return found
