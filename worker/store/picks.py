"""Picking due requests for a claim: locked without waiting, leased or postponed, a whole set at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Boolean, Integer

from worker.store.claims import Claimed
from worker.store.schema.conventions import Timestamp

_DUE = "q.due_at <= now() AND (q.lease_until IS NULL OR q.lease_until < now())"

_WAITING = text(f"""
    SELECT wanted.batch, (
        SELECT count(*) FROM (
            SELECT FROM queue AS q WHERE q.batch = wanted.batch AND {_DUE} LIMIT :limit
        ) AS counted
    ) AS n FROM unnest(:batches) AS wanted (batch)
""").bindparams(bindparam("batches", type_=ARRAY(BigInteger)))  # noqa: S608  _DUE is a constant


def waiting(connection: Connection, batches: Sequence[int], limit: int) -> dict[int, int]:
    """How many requests of each batch are due now, counted no further than `limit`."""
    rows = connection.execute(_WAITING, {"batches": list(batches), "limit": limit})
    return {row.batch: row.n for row in rows}


class Picked(NamedTuple):
    """A due request, locked until the transaction ends. The address only where hours ask for it."""

    batch: int
    request: int
    address: str | None


_PICK = text(f"""
    SELECT picked.batch, picked.request, r.address
    FROM unnest(:batches, :shares, :asks) AS given (batch, share, asks) CROSS JOIN LATERAL (
        SELECT q.batch, q.request FROM queue AS q WHERE q.batch = given.batch AND {_DUE}
        ORDER BY q.due_at, q.request LIMIT given.share FOR UPDATE SKIP LOCKED
    ) AS picked
    LEFT JOIN communication_request AS r ON given.asks AND r.id = picked.request
""").bindparams(  # noqa: S608  _DUE is a constant
    bindparam("batches", type_=ARRAY(BigInteger)),
    bindparam("shares", type_=ARRAY(Integer)),
    bindparam("asks", type_=ARRAY(Boolean)),
)


def pick(connection: Connection, shares: Mapping[int, int], asking: set[int]) -> list[Picked]:
    """The longest due requests, as many of each batch as its share says."""
    chosen = {batch: share for batch, share in shares.items() if share > 0}
    rows = connection.execute(
        _PICK,
        {
            "batches": list(chosen),
            "shares": list(chosen.values()),
            "asks": [batch in asking for batch in chosen],
        },
    )
    return [Picked(*row) for row in rows]


# The array beside the join: by it the rows are found in the index, whatever the planner thinks of the
# size of an unnested array.
_LEASE = text("""
    UPDATE queue SET lease_token = :lease, lease_until = given.until, claims = claims + 1
    FROM unnest(:requests, :untils) AS given (request, until)
    WHERE queue.request = given.request AND queue.request = ANY (:requests)
    RETURNING queue.batch, queue.request, queue.claims
""").bindparams(
    bindparam("requests", type_=ARRAY(BigInteger)), bindparam("untils", type_=ARRAY(Timestamp))
)

_POSTPONE = text("""
    UPDATE queue SET due_at = given.due_at FROM unnest(:requests, :dues) AS given (request, due_at)
    WHERE queue.request = given.request AND queue.request = ANY (:requests)
""").bindparams(
    bindparam("requests", type_=ARRAY(BigInteger)), bindparam("dues", type_=ARRAY(Timestamp))
)


def lease(connection: Connection, token: UUID, until: Mapping[int, datetime]) -> list[Claimed]:
    """Claim picked requests, each until its own moment: begin takes none whose lease has ended."""
    rows = connection.execute(
        _LEASE, {"lease": token, "requests": list(until), "untils": list(until.values())}
    )
    return sorted(Claimed(*row) for row in rows)


def postpone(connection: Connection, due_at: Mapping[int, datetime]) -> None:
    """Let picked requests wait, so that they are not read again before."""
    connection.execute(_POSTPONE, {"requests": list(due_at), "dues": list(due_at.values())})


_NEXT_DUE = text("""
    SELECT wanted.batch, (
        SELECT q.due_at FROM queue AS q WHERE q.batch = wanted.batch AND q.due_at > now()
        ORDER BY q.due_at LIMIT 1
    ) AS due_at FROM unnest(:batches) AS wanted (batch)
""").bindparams(bindparam("batches", type_=ARRAY(BigInteger)))


def next_due(connection: Connection, batches: Sequence[int]) -> dict[int, datetime]:
    """When the next request of each batch becomes due; those without one are left out."""
    rows = connection.execute(_NEXT_DUE, {"batches": list(batches)})
    return {row.batch: row.due_at for row in rows if row.due_at is not None}
