"""Deeds over all requests of a batch that match: how many they are, and one portion of them."""

from collections.abc import Callable, Mapping, Sequence

from worker.desk.batches import get_batch
from worker.domain.audit import Deed
from worker.domain.contract.batches import BatchFacts, refuse_closed
from worker.domain.contract.bulk_deeds import Aim, BulkDeed, Portion
from worker.domain.statuses import RequestStatus
from worker.store import batches, closing, request_actions, request_pages
from worker.store.connect import Connection

SIZE = 500
"""Requests that one transaction touches: others wait for their locks, and a kill undoes no more."""

# The batch's row is locked before its requests', as everybody does.
_Touch = Callable[[Connection, BatchFacts, Sequence[str], str], int]


def _retry(connection: Connection, batch: BatchFacts, references: Sequence[str], by: str) -> int:
    refuse_closed(batch, batches.now(connection))
    retried = request_actions.retry(connection, batch.id, references, by, including_doubt=False)
    if retried.queued:
        batches.note_addition(connection, batch.id, by)
    return retried.queued


def _remove(connection: Connection, batch: BatchFacts, references: Sequence[str], by: str) -> int:
    return closing.remove(connection, batch.id, references, by)


TOUCHES: Mapping[Deed, tuple[RequestStatus, _Touch]] = {
    Deed.RETRY: (RequestStatus.FAILED, _retry),
    Deed.REMOVE: (RequestStatus.PENDING, _remove),
}
"""By deed: at which status it finds the requests of a batch, and what it does to some of them."""


def count(connection: Connection, aim: Aim) -> int:
    """Count those that match."""
    status, _ = TOUCHES[aim.deed]
    outcome = aim.chosen.get("outcome", "")
    batch = get_batch(connection, str(aim.batch_id)).id
    return sum(
        one.n
        for one in batches.counts(connection, [batch]).get(batch, ())
        if one.request_status is status and outcome in {"", one.channel_manager_status.value}
    )


def do_portion(connection: Connection, deed: BulkDeed) -> Portion:
    """Do it to the next ones."""
    status, touch = TOUCHES[deed.deed]
    batch = get_batch(connection, str(deed.batch_id), lock=True)
    page = request_pages.list_requests(
        connection,
        batch.id,
        status=status,
        outcome=deed.chosen.get("outcome") or None,
        after=deed.after,
        limit=min(SIZE, deed.left),
    )
    references = [one.reference_id for one in page.rows]
    done = touch(connection, batch, references, deed.started_by) if references else 0
    return Portion(page.after, done, len(references) - done)
