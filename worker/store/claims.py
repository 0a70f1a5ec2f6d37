"""Claiming: which due requests go out next, and under whose lease.

Correctness rests on `SKIP LOCKED` and the lease token; how many schedulers run does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from worker.domain.statuses import Mode


@dataclass(frozen=True, slots=True)
class Chunk:
    """Requests of one batch claimed under one lease: what a message carries. No personal data."""

    mode: Mode
    batch: int
    lease: UUID
    requests: tuple[int, ...]


class Claimed(NamedTuple):
    """One leased request; `claims` counts the leases since it last got as far as begin."""

    batch: int
    request: int
    claims: int


# Batches that may send now. `now()` rather than clock_timestamp(): a stable value can bound an index.
_OPEN = """
    SELECT b.id FROM communication_batch AS b JOIN campaign AS c ON c.id = b.campaign_id
    WHERE NOT b.paused AND b.deleted_at IS NULL AND b.finished_at IS NULL
        AND b.error_message IS NULL AND (b.expires_on IS NULL OR b.expires_on > now())
        AND c.mode = :mode AND (CAST(:only AS text) IS NULL OR b.batch_id = :only)
        AND NOT EXISTS (
            SELECT FROM halt
            WHERE (scope, key) IN (('all', ''), ('channel', c.mode), ('campaign', c.id::text))
        )
"""

_DUE = "due_at <= now() AND (lease_until IS NULL OR lease_until < now())"

# In another order with every lease, for where open batches outnumber the room someone must wait.
# Read per open batch, LATERAL: a join sorted by due time would sort the whole backlog, and one over
# all batches would wade through the rows of paused ones. What was picked goes into an array, because a
# join whose size nobody knows when it is planned would read the whole queue.
_COUNT_WITH_WORK = text(f"""
    SELECT count(*) FROM ({_OPEN}) AS open
    WHERE EXISTS (SELECT FROM queue AS q WHERE q.batch = open.id AND {_DUE})
""")  # noqa: S608  both parts are constants above

_CLAIM = text(f"""
    WITH picked AS (
        SELECT due.request FROM (
            {_OPEN} ORDER BY md5(b.id || CAST(:lease AS text))
        ) AS open CROSS JOIN LATERAL (
            SELECT q.request FROM queue AS q WHERE q.batch = open.id AND {_DUE}
            ORDER BY q.due_at, q.request LIMIT :share FOR UPDATE SKIP LOCKED
        ) AS due LIMIT :room
    )
    UPDATE queue SET lease_token = :lease, lease_until = clock_timestamp() + :lease_time,
                     claims = claims + 1
    WHERE request = ANY (ARRAY(SELECT request FROM picked))
    RETURNING queue.batch, queue.request, queue.claims
""")  # noqa: S608  both parts are constants above


def with_work(connection: Connection, mode: Mode, only: str | None = None) -> int:
    """How many batches have something due that may be sent now."""
    return connection.scalar(_COUNT_WITH_WORK, {"mode": mode, "only": only}) or 0


def claim(
    connection: Connection,
    *,
    mode: Mode,
    lease: UUID,
    lease_time: timedelta,
    share: int,
    room: int,
    only: str | None = None,
) -> list[Claimed]:
    """Lease up to `share` due requests of each open batch, at most `room` in all."""
    rows = connection.execute(
        _CLAIM,
        {
            "mode": mode,
            "only": only,
            "lease": lease,
            "lease_time": lease_time,
            "share": share,
            "room": room,
        },
    )
    return sorted(Claimed(*row) for row in rows)


_RELEASE = text("""
    UPDATE queue SET lease_token = NULL, lease_until = NULL, claims = greatest(claims - 1, 0)
    WHERE request = ANY (:requests) AND lease_token = :lease
""")


def release(connection: Connection, chunk: Chunk) -> None:
    """Hand a claim back unharmed: somebody may claim it again at once."""
    connection.execute(_RELEASE, {"requests": list(chunk.requests), "lease": chunk.lease})


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
        code: `render` (the content can't be made) or `poison` (claimed again and again).
        faults: (request, a sentence that quotes no value).
    """
    connection.execute(
        _FAIL_UNSENT,
        {
            "requests": [request for request, _ in faults],
            "reasons": [why for _, why in faults],
            "lease": lease,
            "code": code,
        },
    )
