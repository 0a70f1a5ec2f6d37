"""Give what FAILED one more attempt."""

from collections.abc import Sequence

from worker.desk.batches import found
from worker.domain.batches import refuse_closed
from worker.store import batches, second_thoughts
from worker.store.connect import Connection, Engine, in_transaction


def retry_requests(
    engine: Engine, batch_id: str, reference_ids: Sequence[str] | None, *, by: str
) -> int:
    """Queue the named FAILED requests, or all of the batch, once more; its retry_count is untouched.

    Returns:
        how many were queued.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing of it can be attempted.
    """
    return in_transaction(
        engine, lambda c: retry_in(c, batch_id, reference_ids=reference_ids, by=by)
    )


def retry_in(
    connection: Connection, batch_id: str, *, reference_ids: Sequence[str] | None, by: str
) -> int:
    """The same inside a transaction of the caller's."""
    batch = found(connection, batch_id, lock=True)
    refuse_closed(batch, batches.now(connection))
    return second_thoughts.retry(connection, batch.id, reference_ids, by)
