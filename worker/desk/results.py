"""Results out: every request of a batch with what became of it."""

from collections.abc import Iterator
from itertools import chain
from typing import Literal

import orjson

from worker.domain.contract.result_files import csv_lines
from worker.domain.contract.results import RequestResult
from worker.domain.errors import UnknownBatch
from worker.domain.statuses import RequestStatus
from worker.store import batches, requests
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.requests import ResultFilter

__all__ = ["ResultFilter", "find_results", "results", "variable_names", "write_results"]

PAGE = 1_000
NAMES_PAGE = 20_000


def results(
    engine: Engine,
    batch_id: str,
    *,
    request_status: RequestStatus | None = None,
    reference_id: str | None = None,
    page_size: int = PAGE,
) -> Iterator[RequestResult]:
    """The batch's results in the order of reference_id, read a page at a time.

    Raises:
        UnknownBatch: there is none; raised before the first result is asked for.
    """
    batch = _id(engine, batch_id)
    statuses = None if request_status is None else [request_status.value]
    return chain.from_iterable(
        pages(engine, batch, ResultFilter(statuses, reference_id), page_size)
    )


def find_results(
    engine: Engine, batch_id: str, wanted: ResultFilter, *, after: str = "", limit: int
) -> list[RequestResult]:
    """A page of the batch's results behind a reference_id, in the order of reference_id.

    Raises:
        UnknownBatch: there is none.
    """
    batch = _id(engine, batch_id)
    return in_transaction(engine, requests.page, batch, wanted, after=after, limit=limit)


def write_results(
    engine: Engine, batch_id: str, wanted: ResultFilter, kind: Literal["jsonl", "csv"]
) -> Iterator[bytes]:
    """All of them as lines, read a page at a time: no connection is held while a reader takes its time.

    Raises:
        UnknownBatch: there is none; raised before the first line is asked for.
    """
    found = chain.from_iterable(pages(engine, _id(engine, batch_id), wanted, PAGE))
    if kind == "jsonl":
        return (orjson.dumps(one.to_wire(), option=orjson.OPT_APPEND_NEWLINE) for one in found)
    lines = csv_lines(found, variable_names(engine, batch_id))
    return (line.encode() for line in lines)


def variable_names(engine: Engine, batch_id: str, *, page_size: int = NAMES_PAGE) -> list[str]:
    """The names of all variables that requests of the batch have, sorted.

    Raises:
        UnknownBatch: there is none.
    """
    batch = _id(engine, batch_id)
    names: set[str] = set()
    after: str | None = ""
    while after is not None:
        after, found = in_transaction(
            engine, requests.variable_names, batch, after=after, limit=page_size
        )
        names.update(found)
    return sorted(names)


def _id(engine: Engine, batch_id: str) -> int:
    facts = in_transaction(engine, batches.find, batch_id)
    if facts is None:
        raise UnknownBatch(batch_id)
    return facts.id


def pages(
    engine: Engine, batch: int, wanted: ResultFilter, size: int = PAGE
) -> Iterator[list[RequestResult]]:
    """The chosen results of a batch, a page at a time; nothing is held between two pages."""
    after = ""

    def step(connection: Connection) -> list[RequestResult]:
        return requests.page(connection, batch, wanted, after=after, limit=size)

    while found := in_transaction(engine, step):
        yield found
        if len(found) < size:
            return
        after = found[-1].reference_id
