"""Picking due requests for a claim: locked without waiting, leased or postponed, a whole set at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Boolean, Integer

_DUE = "q.due_at <= now() AND (q.lease_until IS NULL OR q.lease_until < now())"

# In the index's order, though a count needs none: without it all that waits is read before the limit.
_WAITING = text(f"""
    SELECT wanted.batch, (
        SELECT count(*) FROM (
            SELECT FROM queue AS q WHERE q.batch = wanted.batch AND {_DUE}
            ORDER BY q.due_at, q.request LIMIT wanted.most
        ) AS counted
    ) AS n FROM unnest(:batches, :most) AS wanted (batch, most)
""").bindparams(  # noqa: S608  _DUE is a constant
    bindparam("batches", type_=ARRAY(BigInteger)), bindparam("most", type_=ARRAY(Integer))
)


def waiting(connection: Connection, most: Mapping[int, int]) -> dict[int, int]:
    """Count each batch's requests that are due now, no further than the most it could use."""
    values = {"batches": list(most), "most": list(most.values())}
    rows = connection.execute(_WAITING, values).all()
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


def pick_requests(
    connection: Connection, shares: Mapping[int, int], asking: set[int]
) -> list[Picked]:
    """The longest due requests, as many of each batch as its share says."""
    chosen = {batch: share for batch, share in shares.items() if share > 0}
    rows = connection.execute(
        _PICK,
        {
            "batches": list(chosen),
            "shares": list(chosen.values()),
            "asks": [batch in asking for batch in chosen],
        },
    ).all()
    return [Picked._make(row) for row in rows]


# The array beside the join: by it the rows are found in the index, whatever the planner thinks of the
# size of an unnested array. Arrays come as text, which the driver passes on as it is: to write out a
# list of moments takes it as long as the server takes for all the rest.
_LEASE = text("""
    WITH leased AS (
        UPDATE queue SET lease_token = :lease, lease_until = given.until
        FROM unnest(CAST(:requests AS bigint[]), CAST(:untils AS timestamptz[]))
            AS given (request, until)
        WHERE queue.request = given.request AND queue.request = ANY (CAST(:requests AS bigint[]))
        RETURNING queue.request, queue.claims
    )
    SELECT request FROM leased WHERE claims >= :most
""")

_POSTPONE = text("""
    UPDATE queue SET due_at = given.due_at
    FROM unnest(CAST(:requests AS bigint[]), CAST(:dues AS timestamptz[]))
        AS given (request, due_at)
    WHERE queue.request = given.request AND queue.request = ANY (CAST(:requests AS bigint[]))
""")


def lease(
    connection: Connection, token: UUID, until: Mapping[int, datetime], *, most: int
) -> set[int]:
    """Claim picked requests, each until its own moment: begin takes none whose lease has ended.

    Returns:
        those that workers have taken up `most` times and more since they last got as far as begin.
    """
    requests, untils = _arrays(until)
    values = {"lease": token, "most": most, "requests": requests, "untils": untils}
    return set(connection.scalars(_LEASE, values))


def postpone_requests(connection: Connection, due_at: Mapping[int, datetime]) -> None:
    """Let picked requests wait, so that they are not read again before."""
    requests, dues = _arrays(due_at)
    connection.execute(_POSTPONE, {"requests": requests, "dues": dues})


def _arrays(by_request: Mapping[int, datetime]) -> tuple[str, str]:
    # Most of a claim share one moment, and writing a moment is dear.
    written = {moment: str(moment) for moment in set(by_request.values())}
    return _array(map(str, by_request)), _array(written[at] for at in by_request.values())


def _array(elements: Iterable[str]) -> str:
    return "{" + ",".join(elements) + "}"


_NEXT_DUE = text("""
    SELECT wanted.batch, (
        SELECT q.due_at FROM queue AS q WHERE q.batch = wanted.batch AND q.due_at > now()
        ORDER BY q.due_at LIMIT 1
    ) AS due_at FROM unnest(:batches) AS wanted (batch)
""").bindparams(bindparam("batches", type_=ARRAY(BigInteger)))


def next_due(connection: Connection, batches: Sequence[int]) -> dict[int, datetime]:
    """Read when each batch's next request becomes due; those without one are left out."""
    rows = connection.execute(_NEXT_DUE, {"batches": list(batches)}).all()
    return {batch: due_at for batch, due_at in rows if due_at is not None}
