"""Claiming: which due requests go out next, and under whose lease.

Correctness rests on `SKIP LOCKED` and the lease token; how many schedulers run does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from worker.domain.statuses import Channel


@dataclass(frozen=True, slots=True)
class Chunk:
    """Requests of one batch claimed under one lease: what a message carries. No personal data."""

    channel: Channel
    batch: int
    lease: UUID
    requests: tuple[int, ...]
    claimed_at: float | None = None
    """By the database's clock, in seconds since the epoch; None: whoever published it did not say."""


_RELEASE = text("""
    UPDATE queue SET lease_token = NULL, lease_until = NULL
    WHERE request = ANY (:requests) AND lease_token = :lease
""")


def release(connection: Connection, chunk: Chunk) -> None:
    """Hand a claim back unharmed: somebody may claim it again at once."""
    connection.execute(_RELEASE, {"requests": list(chunk.requests), "lease": chunk.lease})


# Counted by whoever takes a claim up: one whose message never came to a worker has killed none.
_TAKE_UP = text("""
    UPDATE queue SET claims = claims + 1 WHERE request = ANY (:requests) AND lease_token = :lease
""")


def count_delivery(connection: Connection, chunk: Chunk) -> None:
    """Note that a worker begins with the chunk: what kills worker after worker is found by it."""
    connection.execute(_TAKE_UP, {"requests": list(chunk.requests), "lease": chunk.lease})


# Who holds the claim by now may have taken it up too: that one's count is not ours to take back.
_FORGIVE = text("""
    UPDATE queue SET claims = claims - 1
    WHERE request = ANY (:requests)
        AND claims > CASE WHEN coalesce(lease_token, :lease) = :lease THEN 0 ELSE 1 END
""")


def uncount_delivery(connection: Connection, lease: UUID, requests: Sequence[int]) -> None:
    """Take that back, once per take-up: the worker that took them up under this lease lived on."""
    connection.execute(_FORGIVE, {"requests": list(requests), "lease": lease})


_POSTPONE = text("""
    UPDATE queue
    SET lease_token = NULL, lease_until = NULL,
        due_at = greatest(due_at, clock_timestamp() + CAST(:pause AS interval))
    WHERE request = ANY (:requests) AND lease_token = :lease
""")


def postpone_chunk(connection: Connection, chunk: Chunk, pause: timedelta) -> int:
    """Hand a claim back, to be claimed again no sooner than after `pause`. Returns how many it was."""
    values = {"requests": list(chunk.requests), "lease": chunk.lease, "pause": pause}
    return connection.execute(_POSTPONE, values).rowcount


_POSTPONE_UNTIL = text("""
    UPDATE queue
    SET lease_token = NULL, lease_until = NULL, claims = greatest(claims - 1, 0),
        due_at = greatest(queue.due_at, given.due_at)
    FROM unnest(CAST(:requests AS bigint[]), CAST(:dues AS timestamptz[]))
        AS given (request, due_at)
    WHERE queue.request = given.request AND queue.request = ANY (CAST(:requests AS bigint[]))
        AND lease_token = :lease
""")


def postpone_until(connection: Connection, lease: UUID, due_at: Mapping[int, datetime]) -> int:
    """Hand back what was taken up, each to be claimed again at its moment. Returns how many it was."""
    dues = [str(moment) for moment in due_at.values()]
    values = {"requests": list(due_at), "dues": dues, "lease": lease}
    return connection.execute(_POSTPONE_UNTIL, values).rowcount


_NOTE_FAULT = text("""
    UPDATE queue SET faults = faults + 1 WHERE request = :request AND lease_token = :lease
    RETURNING faults
""")


def note_fault(connection: Connection, lease: UUID, request: int) -> int:
    """Count that a request which was alone could not begin. Returns how often; 0: not ours any more."""
    found: int | None = connection.scalar(_NOTE_FAULT, {"request": request, "lease": lease})
    return found or 0


# In a statement of its own: a claim that a replacement dropped while we waited is ours no more.
_LOCK = text("""
    SELECT FROM communication_request WHERE id = ANY (:requests) ORDER BY id FOR NO KEY UPDATE
""")

_FAIL_UNSENT = text("""
    WITH failed AS (
        SELECT request, why FROM unnest(:requests, :reasons) AS f (request, why)
        JOIN queue USING (request) WHERE lease_token = :lease ORDER BY request
    ), moved AS (
        UPDATE communication_request AS r
        SET request_status = 'FAILED', channel_manager_status = 'UNEXPECTED_ERROR',
            error_code = :code, error_message = failed.why, moved_by = 'dispatch', moved_why = :code
        FROM failed WHERE r.id = failed.request AND r.request_status = 'PENDING'
        RETURNING r.id
    )
    DELETE FROM queue WHERE request IN (SELECT id FROM moved)
""").bindparams(
    bindparam("requests", type_=ARRAY(BigInteger)), bindparam("reasons", type_=ARRAY(Text))
)


def fail_unsent(
    connection: Connection, lease: UUID, code: str, faults: Sequence[tuple[int, str]]
) -> None:
    """Close requests that can't be sent at all: PENDING → FAILED, guarded by the claim.

    Args:
        connection: in a transaction.
        lease: the token under which the requests are claimed.
        code: `render` (the content can't be made), `begin` (the database refuses its data) or `poison`
            (it killed worker after worker).
        faults: (request, a sentence that quotes no value).
    """
    connection.execute(_LOCK, {"requests": [request for request, _ in faults]})
    connection.execute(
        _FAIL_UNSENT,
        {
            "requests": [request for request, _ in faults],
            "reasons": [why for _, why in faults],
            "lease": lease,
            "code": code,
        },
    )
