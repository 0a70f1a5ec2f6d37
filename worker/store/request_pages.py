"""Requests of a batch a page at a time, and attempts by the hour: each step reads a bounded part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

MOST_SCANNED = 20_000
"""Requests looked through for one page; where few match, the next page looks on from there."""
MOST_ATTEMPTS = 200_000
"""Attempts counted by the hour; earlier hours are left out."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in a list. `target` is as it is dialed or mailed, where it could be read."""

    id: int
    reference_id: str
    target: str = field(repr=False)
    request_status: str
    channel_manager_status: str
    attempt_count: int
    sent_at: datetime | None
    due_at: datetime | None
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One page of requests, and the reference behind which the next begins; None: that was all."""

    rows: Sequence[RequestRow]
    after: str | None


_PAGE = text("""
    WITH scanned AS MATERIALIZED (
        SELECT id, reference_id, coalesce(address, target) AS target, request_status,
            channel_manager_status, attempt_count, sent_at, error_code, error_message
        FROM communication_request
        WHERE batch = :batch AND reference_id > :after ORDER BY reference_id LIMIT :most
    )
    SELECT s.id, s.reference_id, s.target, s.request_status, s.channel_manager_status,
        s.attempt_count, s.sent_at, q.due_at, s.error_code, s.error_message
    FROM scanned AS s LEFT JOIN queue AS q ON q.request = s.id
    WHERE (CAST(:status AS text) IS NULL OR s.request_status = :status)
        AND (CAST(:outcome AS text) IS NULL OR s.channel_manager_status = :outcome)
    ORDER BY s.reference_id LIMIT :limit
""")
_END = text("""
    SELECT max(reference_id), count(*) FROM (
        SELECT reference_id FROM communication_request
        WHERE batch = :batch AND reference_id > :after ORDER BY reference_id LIMIT :most
    ) AS scanned
""")
_ALONG_THE_INDEX = text("SET LOCAL enable_bitmapscan = off")


def list_requests(
    connection: Connection,
    batch: int,
    *,
    status: str | None,
    outcome: str | None,
    after: str,
    limit: int,
) -> RequestPage:
    """The next requests of a batch behind a reference, with a status and an outcome if asked."""
    most = MOST_SCANNED if status or outcome else limit + 1
    told = {"batch": batch, "after": after, "most": most, "limit": limit + 1}
    connection.execute(_ALONG_THE_INDEX)
    rows = connection.execute(_PAGE, {**told, "status": status, "outcome": outcome})
    found = [RequestRow(*row) for row in rows]
    if len(found) > limit:
        return RequestPage(found[:limit], found[limit - 1].reference_id)
    last, scanned = connection.execute(_END, told).one()
    return RequestPage(found, last if scanned == most else None)


@dataclass(frozen=True, slots=True)
class HourCount:
    """Attempts that began within an hour, and how many of them reached nobody for certain."""

    hour: datetime
    n: int
    missed: int


_HOURS = text("""
    SELECT date_trunc('hour', began_at), count(*), count(*) FILTER (WHERE state IN
        ('REFUSED', 'NOT_SENT', 'UNRESOLVED'))
    FROM (
        SELECT began_at, state FROM attempt
        WHERE batch = :batch AND began_at > clock_timestamp() - interval '13 hours'
        ORDER BY began_at DESC LIMIT :most
    ) AS latest GROUP BY 1 ORDER BY 1
""")


def count_hours(connection: Connection, batch: int) -> list[HourCount]:
    """Attempts of a batch by the hour, of the last half day."""
    rows = connection.execute(_HOURS, {"batch": batch, "most": MOST_ATTEMPTS})
    return [HourCount(*row) for row in rows]


_NAMED = text("""
    SELECT b.batch_id, r.reference_id FROM communication_request AS r
    JOIN communication_batch AS b ON b.id = r.batch WHERE r.id = :request
""")


def name_of(connection: Connection, request: int) -> tuple[str, str] | None:
    """The batch_id and reference_id of a request by its number."""
    row = connection.execute(_NAMED, {"request": request}).first()
    return None if row is None else (row.batch_id, row.reference_id)
