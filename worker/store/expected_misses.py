"""Batches that end, how many of their requests are not expected to be attempted in time, and who is told."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Integer, Text

from worker.store.schema.conventions import is_open

_ENDING = text(f"""
    SELECT id FROM communication_batch
    WHERE {is_open()} AND expires_on > clock_timestamp() AND expires_on < clock_timestamp() + :within
    ORDER BY expires_on, id LIMIT :limit
""")  # noqa: S608  is_open is a constant


def ending(connection: Connection, *, within: timedelta, limit: int) -> list[int]:
    """Open batches that expire within this time, those that do first before the others."""
    return list(connection.scalars(_ENDING, {"within": within, "limit": limit}))


_WAITING = text("""
    SELECT coalesce(sum(n), 0)::bigint FROM request_count
    WHERE batch = :batch AND request_status = 'PENDING'
""")


def waiting(connection: Connection, batch: int) -> int:
    """Count the requests of a batch that wait."""
    return int(connection.scalar(_WAITING, {"batch": batch}) or 0)


class LateBatch(NamedTuple):
    """A batch that will not finish in time, and how many of its requests will not be attempted."""

    batch_id: str
    missed: int
    expires_on: datetime


_LATE = text(f"""
    SELECT b.batch_id, p.late, b.expires_on
    FROM batch_pace AS p JOIN communication_batch AS b ON b.id = p.batch
    WHERE p.late IS NOT NULL AND {is_open("b.")} AND b.expires_on > clock_timestamp()
    ORDER BY b.expires_on, b.id LIMIT :limit
""")  # noqa: S608  is_open is a constant


def late(connection: Connection, limit: int) -> list[LateBatch]:
    """Batches that were last found to be late, those that expire first before the others."""
    return [LateBatch(*row) for row in connection.execute(_LATE, {"limit": limit})]


class Noted(NamedTuple):
    """A batch whose prospect has changed: requests missed as noted before, and now; None: none."""

    batch_id: str
    before: int | None
    now: int | None


# A row that a scan holds is noted the next time.
_NOTE = text("""
    WITH held AS (
        SELECT p.batch, p.late AS before, v.late
        FROM unnest(:batches, :lates) AS v (batch, late) JOIN batch_pace AS p USING (batch)
        WHERE p.late IS DISTINCT FROM v.late ORDER BY p.batch FOR UPDATE OF p SKIP LOCKED
    )
    UPDATE batch_pace AS p SET late = held.late FROM held, communication_batch AS b
    WHERE p.batch = held.batch AND b.id = held.batch
    RETURNING b.batch_id, held.before, held.late
""").bindparams(
    bindparam("batches", type_=ARRAY(BigInteger)), bindparam("lates", type_=ARRAY(Integer))
)


# It hangs on the request of the batch that waits longest, and is archived with it.
_TELL = text("""
    WITH late AS (
        SELECT b.batch_id, b.campaign_id, b.expires_on, v.missed, r.id AS request
        FROM unnest(:batches, :missed) AS v (batch_id, missed)
        JOIN communication_batch AS b ON b.batch_id = v.batch_id
        CROSS JOIN LATERAL (
            SELECT request FROM queue WHERE batch = b.id ORDER BY due_at, request LIMIT 1
        ) AS first
        JOIN communication_request AS r ON r.id = first.request FOR KEY SHARE OF r SKIP LOCKED
    ), events AS (
        SELECT gen_random_uuid() AS event, receiver.url, late.*
        FROM late JOIN campaign AS c ON c.id = late.campaign_id AND c.webhooks <> '[]'
        CROSS JOIN LATERAL (
            SELECT DISTINCT hook ->> 'url' AS url FROM jsonb_array_elements(c.webhooks) AS hook
            WHERE hook ->> 'url' IS NOT NULL
        ) AS receiver
    )
    INSERT INTO webhook_delivery (event, request, url, body, next_try_at)
    SELECT event, request, url, CAST(jsonb_build_object(
               'id', event,
               'type', 'communication_batch.late',
               'occurred_at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'campaign_id', campaign_id,
               'batch_id', batch_id,
               'expires_on', to_char(expires_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
               'missed', missed
           ) AS text), clock_timestamp()
    FROM events ORDER BY url
""").bindparams(bindparam("batches", type_=ARRAY(Text)), bindparam("missed", type_=ARRAY(Integer)))


def tell(connection: Connection, missed: Mapping[str, int]) -> int:
    """Let the receivers of these batches' campaigns be told. Returns how many are to be."""
    named = {"batches": list(missed), "missed": list(missed.values())}
    return connection.execute(_TELL, named).rowcount


def note(connection: Connection, missed: Mapping[int, int]) -> list[Noted]:
    """Keep how many requests each batch will miss. Returns those for which that is news."""
    rows = connection.execute(
        _NOTE,
        {"batches": list(missed), "lates": [n or None for n in missed.values()]},
    )
    return [Noted(*row) for row in rows]
