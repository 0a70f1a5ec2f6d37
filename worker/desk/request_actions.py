"""Take requests back before anybody is contacted."""

from collections.abc import Sequence

from worker.desk.batches import get_batch, note
from worker.desk.visibility import seen_batch
from worker.domain.audit import Deed
from worker.domain.contract.batches import BatchFacts
from worker.store import closing, ingest
from worker.store.connect import Connection, Engine, in_transaction


def remove_requests(
    engine: Engine,
    batch_id: str,
    reference_ids: Sequence[str],
    *,
    by: str,
    only: int | None = None,
) -> int:
    """Close the named requests that still wait; what is under way lives on.

    What is there is closed at once. Where one is not there, an upload under way may bring it: that one
    is waited for, as long as the engine has patience.

    Returns:
        how many were closed.

    Raises:
        UnknownBatch: there is none, or none of the campaign `only`.
    """

    def at_once(connection: Connection) -> tuple[int, bool]:
        batch = seen_batch(connection, batch_id, only)
        # Asked before: what is there by then is closed by what follows.
        missing = closing.any_missing(connection, batch.id, reference_ids)
        return _remove(connection, batch, reference_ids, by), missing

    closed, missing = in_transaction(engine, at_once)
    if missing:
        closed += in_transaction(engine, remove_in, batch_id, reference_ids, by=by)
    return closed


def remove_in(
    connection: Connection, batch_id: str, reference_ids: Sequence[str], *, by: str
) -> int:
    """The same inside a transaction of the caller's, which waits before it closes anything."""
    batch = get_batch(connection, batch_id)
    if closing.any_missing(connection, batch.id, reference_ids):
        ingest.take_turn(connection, batch.id)
    return _remove(connection, batch, reference_ids, by)


def _remove(
    connection: Connection, batch: BatchFacts, reference_ids: Sequence[str], by: str
) -> int:
    closed = closing.remove(connection, batch.id, reference_ids, by)
    if closed:
        note(connection, Deed.REMOVE, batch.batch_id, by, detail={"requests": closed})
    return closed
