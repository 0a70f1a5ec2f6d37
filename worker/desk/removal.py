"""Take requests back before anybody is contacted."""

from collections.abc import Sequence

from worker.desk.batches import found
from worker.store import second_thoughts
from worker.store.connect import Connection, Engine, in_transaction


def remove_requests(engine: Engine, batch_id: str, reference_ids: Sequence[str], *, by: str) -> int:
    """Close the named requests that still wait; what is under way lives on.

    Returns:
        how many were closed.

    Raises:
        UnknownBatch: there is none.
    """
    return in_transaction(engine, lambda c: remove_in(c, batch_id, reference_ids, by=by))


def remove_in(
    connection: Connection, batch_id: str, reference_ids: Sequence[str], *, by: str
) -> int:
    """The same inside a transaction of the caller's."""
    batch = found(connection, batch_id)
    return second_thoughts.remove(connection, batch.id, reference_ids, by)
