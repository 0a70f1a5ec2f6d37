"""Deeds over all batches that match: paused, or let go on."""

from dataclasses import replace

from worker.desk.batches import set_paused_in
from worker.desk.bulk_steps import do_each
from worker.domain.audit import Deed
from worker.domain.contract.batch_queries import FINISHED, BatchQuery
from worker.domain.contract.bulk_deeds import Aim, BulkDeed, Portion
from worker.domain.statuses import BatchStatus
from worker.store import batch_lists
from worker.store.connect import Connection

SIZE = 50
"""Batches that one transaction holds: nothing of theirs begins meanwhile."""


def count(connection: Connection, aim: Aim) -> int:
    """Count those that match and that it can be done to."""
    return batch_lists.count_holdable(connection, _query(aim), held=aim.deed is Deed.RESUME)


def do_portion(connection: Connection, deed: BulkDeed) -> Portion:
    """Do it to the next ones."""
    paused, most = deed.deed is Deed.PAUSE, min(SIZE, deed.left)
    query, after = replace(_query(deed.aim), limit=most), int(deed.after or 0)
    found = dict(batch_lists.list_holdable(connection, query, held=not paused, after=after))

    def hold(within: Connection, key: int) -> bool:
        return set_paused_in(within, found[key], deed.started_by, paused=paused, why=deed.why)

    return do_each(connection, list(found), most, hold)


def _query(aim: Aim) -> BatchQuery:
    status = aim.chosen.get("status", "")
    return BatchQuery(
        matching=aim.chosen.get("matching") or None,
        status=BatchStatus(status) if status in set(BatchStatus) else None,
        finished=FINISHED.get(aim.chosen.get("standing", "")),
    )
