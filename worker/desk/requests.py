"""One request: where it stands and everything that happened to it."""

from collections.abc import Sequence

from worker.desk.batches import get_batch
from worker.domain.contract.results import History
from worker.domain.errors import UnknownBatch, UnknownRequest
from worker.domain.statuses import RequestStatus
from worker.store import batches, requests
from worker.store.connect import Connection, Engine, in_transaction


def show_request(engine: Engine, batch_id: str, reference_id: str) -> History:
    """A request with its history, oldest first.

    Raises:
        UnknownBatch, UnknownRequest: there is none.
    """
    return in_transaction(engine, find_request, batch_id, reference_id)


def find_request(connection: Connection, batch_id: str, reference_id: str) -> History:
    """The same in a transaction of the caller's."""
    if history := requests.history(connection, batch_id, reference_id):
        return history
    if batches.find(connection, batch_id) is None:
        raise UnknownBatch(batch_id)
    raise UnknownRequest(batch_id, reference_id)


def statuses_of(
    engine: Engine, batch_id: str, reference_ids: Sequence[str]
) -> dict[str, RequestStatus]:
    """Return where the named requests stand; those that the batch has not are left out.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> dict[str, RequestStatus]:
        return requests.statuses(connection, get_batch(connection, batch_id).id, reference_ids)

    return in_transaction(engine, step)
