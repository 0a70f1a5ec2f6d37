"""The load ahead of a batch, read from what waits and from what has begun."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.domain.schedule.eligibility import PacingState
from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.load import LEAST, Load, Recent, Retrying, wait_for_hours
from worker.domain.schedule.reachability import Alike
from worker.domain.schedule.windows import LONGEST_NUMBER_PREFIX

MOST_READ = 200_000
"""Rows that are counted at once, along an index."""
SAMPLE = 2_000
"""Of those who are due, and of attempts: enough to tell a share."""

_BEGUN = text("""
    SELECT wanted.batch, begun.n, begun.first, begun.last
    FROM unnest(CAST(:batches AS bigint[])) AS wanted (batch) CROSS JOIN LATERAL (
        SELECT count(*) AS n, min(began_at) AS first, max(began_at) AS last FROM (
            SELECT began_at FROM attempt
            WHERE batch = wanted.batch AND began_at > clock_timestamp() - interval '10 minutes'
            ORDER BY began_at DESC LIMIT :most
        ) AS latest
    ) AS begun
    WHERE begun.n > 0
""")


def measure_pace(connection: Connection, batches: Sequence[int]) -> dict[int, Recent]:
    """Read what began of each batch in the last ten minutes; those of which nothing did are left out."""
    rows = connection.execute(_BEGUN, {"batches": list(batches), "most": MOST_READ})
    return {batch: Recent(n, first, last) for batch, n, first, last in rows}


def read(
    connection: Connection,
    pacing: PacingState,
    now: datetime,
    recent: Recent | None,
    *,
    moving: bool,
) -> Load:
    """The load of a batch, of which `recent` began (`measure_pace`).

    `moving`: whether it may claim; else the time since its last attempt tells nothing of its pace.
    """
    batch = pacing.batch
    return Load(
        later=read_later(connection, batch, pacing.hours, pacing.remaining, now),
        measured=None if recent is None else recent.per_hour(now if moving else None),
        retried=read_retried(connection, batch),
    )


_LATER = text("""
    SELECT max(due_at), count(*) FROM (
        SELECT due_at FROM queue WHERE batch = :batch AND due_at > :now
        ORDER BY due_at DESC LIMIT :most
    ) AS latest GROUP BY date_trunc('hour', due_at)
""")
_DUE = text("""
    SELECT left(r.address, :prefix) AS prefix, length(r.address) AS length, count(*) AS n
    FROM (
        SELECT request FROM queue WHERE batch = :batch AND due_at <= :now
        ORDER BY due_at, request LIMIT :most
    ) AS q JOIN communication_request AS r ON r.id = q.request GROUP BY 1, 2
""")


def read_later(
    connection: Connection, batch: int, hours: OpenHours, waiting: int, now: datetime
) -> dict[datetime, int]:
    """Count who of those that wait may be attempted at which moment to come, by the hour.

    Retries and people whose hours are over wait for a moment that is known. Of those who are due, and were
    not picked yet, a sample tells whose own hours are still to come.
    """
    rows = connection.execute(_LATER, {"batch": batch, "now": now, "most": MOST_READ})
    later: dict[datetime, int] = {at: n for at, n in rows}  # noqa: C416  a row is no pair to the types
    due = waiting - sum(later.values())
    if hours.recipient is None or due <= 0:
        return later
    values = {"batch": batch, "now": now, "most": SAMPLE, "prefix": LONGEST_NUMBER_PREFIX}
    sample = [Alike(*row) for row in connection.execute(_DUE, values)]
    for at, n in wait_for_hours(hours, sample, due, now).items():
        later[at] = later.get(at, 0) + n
    return later


_RETRIED = text("""
    SELECT count(*), count(*) FILTER (WHERE again IS NOT NULL),
        coalesce(avg(again - closed_at), interval '0')
    FROM (
        SELECT a.closed_at, coalesce(newer.began_at, q.due_at) AS again
        FROM (
            SELECT request, attempt_number, closed_at FROM attempt
            WHERE batch = :batch ORDER BY began_at DESC LIMIT :most
        ) AS a
        LEFT JOIN LATERAL (  -- one step for each of the few, whatever else there is
            SELECT began_at FROM attempt
            WHERE request = a.request AND attempt_number = a.attempt_number + 1 LIMIT 1
        ) AS newer ON true
        LEFT JOIN queue AS q ON q.request = a.request
        WHERE a.closed_at IS NOT NULL
    ) AS ended
""")
MOST_RETRIED = 0.9
"""Where all are tried again, they are until nothing is left to try; no sum of that is known."""


def read_retried(connection: Connection, batch: int) -> Retrying:
    """Read what became of the batch's latest attempts that have ended; nothing where they are too few."""
    row = connection.execute(_RETRIED, {"batch": batch, "most": SAMPLE}).one()
    ended, again, delay = row
    if ended < LEAST or not again:
        return Retrying()
    return Retrying(min(again / ended, MOST_RETRIED), max(delay, timedelta()))
