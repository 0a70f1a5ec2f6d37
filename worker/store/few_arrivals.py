"""A few requests come in: judged and stored as `ingest.add` does, without a table to stage them in.

A table of the connection is emptied by its commit, which costs more than all else that a single request
does to the store. A few are written out here, and named `staged` in the statements that both share.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import orjson
from sqlalchemy import Connection, TextClause, text

from worker.domain.contract.csv_rows import BadRow
from worker.domain.statuses import Channel, RequestStatus
from worker.store.ingest import (
    CONFLICT,
    STORE_RECIPIENTS,
    STORE_REQUESTS,
    Arrival,
    Ingested,
)

FEW = 20
"""So many at most: each statement carries all of them."""

_TYPES = {
    "line": "bigint",
    "reference_id": "text",
    "target": "text",
    "address": "text",
    "identity": "text",
    "fault": "text",
    "request_variables": "jsonb",
    "filtered": "text",
}
_KNOWN = """
    SELECT s.line, (r.target, r.request_variables) = (s.target, s.request_variables)
    FROM staged AS s JOIN communication_request AS r
        ON r.batch = :batch AND r.reference_id = s.reference_id
"""


@cache
def _of_few(n: int, then: str) -> TextClause:
    """A statement over so many. Written out, the planner knows how many, and scans for none of them."""
    rows = (
        ", ".join(f"CAST(:{name}{place} AS {kind})" for name, kind in _TYPES.items())
        for place in range(n)
    )
    values = ", ".join(f"({row})" for row in rows)
    return text(f"WITH staged ({', '.join(_TYPES)}) AS (VALUES {values}){then}")


def _given(arrivals: Sequence[Arrival]) -> dict[str, object]:
    """The values of such a statement."""
    return {
        f"{name}{place}": orjson.dumps(value).decode() if name == "request_variables" else value
        for place, one in enumerate(arrivals)
        for name, value in one._asdict().items()
    }


def add_few(
    connection: Connection, batch: int, channel: Channel, arrivals: Sequence[Arrival]
) -> Ingested:
    """Store a few arrivals in a batch whose turn this transaction has; see `ingest.add`."""
    assert len(arrivals) <= FEW
    known = _known(connection, batch, arrivals)
    refused = tuple(_refused(arrivals, known))
    aside = {one.line for one in refused} | known.keys()
    fresh = [one for one in arrivals if one.line not in aside]
    by_status: dict[RequestStatus, int] = {}
    if fresh:
        told = _given(fresh) | {"channel": channel}
        connection.execute(_of_few(len(fresh), STORE_RECIPIENTS), told)
        store = _of_few(len(fresh), f", {STORE_REQUESTS}")
        rows = connection.execute(store, told | {"batch": batch})
        by_status = {RequestStatus(status): n for status, n in rows}
    equal = len(known.keys() - {one.line for one in refused})
    return Ingested(by_status, known=equal, refused_count=len(refused), refused=refused)


def _known(connection: Connection, batch: int, arrivals: Sequence[Arrival]) -> dict[int, bool]:
    """By line, those whose reference_id the batch has, and whether it is the very same request."""
    if not arrivals:
        return {}
    rows = connection.execute(_of_few(len(arrivals), _KNOWN), _given(arrivals) | {"batch": batch})
    return {line: bool(same) for line, same in rows}


def _refused(arrivals: Sequence[Arrival], known: Mapping[int, bool]) -> Iterator[BadRow]:
    """Those whose reference_id came before, among them or, with other content, in the batch."""
    first: dict[str, int] = {}
    for one in sorted(arrivals, key=lambda arrival: arrival.line):
        before = first.setdefault(one.reference_id, one.line)
        if before < one.line:
            yield BadRow(one.line, f"reference_id was used on line {before}")
        elif known.get(one.line) is False:
            yield BadRow(one.line, CONFLICT)
