"""Results as the public API streams them: one array, written as it is read."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from worker.desk.results import pages
from worker.desk.visibility import seen_batch
from worker.domain.callers import Caller
from worker.domain.contract.outbound.batches import show_result
from worker.domain.contract.outbound.generations import Generation
from worker.domain.errors import WrongFields
from worker.store.connect import Engine, in_transaction
from worker.store.requests import ResultFilter


@dataclass(frozen=True, slots=True)
class ResultsAsked:
    """A query for results; None means any. Nothing here has an `insights_status`."""

    reference_id: str | None
    status: str | None
    insights_status: str | None


def stream_results(
    engine: Engine, batch_id: str, asked: ResultsAsked, generation: Generation, caller: Caller
) -> Iterator[bytes]:
    """CommunicationRequestResults by reference_id as one JSON array, a page at a time.

    Raises, before the first byte:
        UnknownBatch: there is none that the caller may see.
        WrongFields: the status is nobody's.
    """
    statuses = sorted(generation.meant_by(asked.status)) if asked.status else None
    if statuses == []:
        raise WrongFields(["status: is no status of a request"])
    facts = in_transaction(engine, seen_batch, batch_id, caller.campaign)
    if asked.insights_status is not None:
        return iter([b"[]"])
    return _array(engine, facts.id, ResultFilter(statuses, asked.reference_id), generation)


def _array(
    engine: Engine, batch: int, wanted: ResultFilter, generation: Generation
) -> Iterator[bytes]:
    opening = b"["
    for page in pages(engine, batch, wanted):
        shown = orjson.dumps([show_result(one, generation) for one in page])
        yield opening + shown[1:-1]
        opening = b","
    yield b"]" if opening == b"," else b"[]"
