"""Give what FAILED one more attempt; whoever may have been reached only if that is asked for by name."""

from collections.abc import Sequence

from worker.desk.batches import get_batch, note
from worker.domain.audit import Deed
from worker.domain.contract.batches import refuse_closed
from worker.store import batches, request_actions
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.request_actions import Retried

__all__ = ["Retried", "retry_in", "retry_requests"]


def retry_requests(
    engine: Engine,
    batch_id: str,
    reference_ids: Sequence[str] | None,
    *,
    by: str,
    including_doubt: bool = False,
) -> Retried:
    """Queue the named FAILED requests, or all of the batch, once more; its retry_count is untouched.

    A request whose latest counted attempt is not proven to have missed is passed over, named or not,
    unless `including_doubt`: then its history says who decided to contact somebody perhaps twice.

    Returns:
        how many were queued, and how many passed over.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing of it can be attempted.
    """
    return in_transaction(
        engine,
        retry_in,
        batch_id,
        reference_ids=reference_ids,
        by=by,
        including_doubt=including_doubt,
    )


def retry_in(
    connection: Connection,
    batch_id: str,
    *,
    reference_ids: Sequence[str] | None,
    by: str,
    including_doubt: bool,
) -> Retried:
    """The same inside a transaction of the caller's."""
    batch = get_batch(connection, batch_id, lock=True)
    refuse_closed(batch, batches.now(connection))
    retried = request_actions.retry(
        connection, batch.id, reference_ids, by, including_doubt=including_doubt
    )
    if retried.queued:
        batches.note_addition(connection, batch.id, by)
        told = {"requests": retried.queued, "including_doubt": including_doubt}
        note(connection, Deed.RETRY, batch_id, by, detail=told)
    return retried
