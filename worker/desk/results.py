"""Results out: every request of a batch with what became of it."""

from collections.abc import Iterator

from worker.domain.errors import UnknownBatch
from worker.domain.results import RequestResult
from worker.domain.statuses import RequestStatus
from worker.store import batches, requests
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.requests import ResultFilter

PAGE = 1_000


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
    facts = in_transaction(engine, lambda connection: batches.find(connection, batch_id))
    if facts is None:
        raise UnknownBatch(batch_id)
    return _pages(engine, facts.id, ResultFilter(request_status, reference_id), page_size)


def _pages(engine: Engine, batch: int, wanted: ResultFilter, size: int) -> Iterator[RequestResult]:
    after = ""

    def step(connection: Connection) -> list[RequestResult]:
        return requests.page(connection, batch, wanted, after=after, limit=size)

    while found := in_transaction(engine, step):
        yield from found
        after = found[-1].reference_id
