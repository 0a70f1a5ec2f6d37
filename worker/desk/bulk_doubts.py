"""Deeds over all doubts that match: counted as sent, or allowed to be tried again."""

from collections.abc import Callable, Mapping

from worker.desk.bulk_steps import do_each
from worker.desk.decide import allow_retry_in, count_as_sent_in
from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import Aim, BulkDeed, Portion
from worker.store import attempts, doubts
from worker.store.connect import Connection

SIZE = 100
"""Attempts that one transaction decides."""

_DECISIONS: Mapping[Deed, Callable[[Connection, int, str], None]] = {
    Deed.COUNT_AS_SENT: count_as_sent_in,
    Deed.ALLOW_RETRY: allow_retry_in,
}


def count(connection: Connection, aim: Aim) -> int:
    """Count those that match and that somebody may decide about."""
    return doubts.count_decidable(connection, _chosen(aim))


def do_portion(connection: Connection, deed: BulkDeed) -> Portion:
    """Decide about the next ones."""
    decide, most = _DECISIONS[deed.deed], min(SIZE, deed.left)
    found = doubts.list_decidable(
        connection, _chosen(deed.aim), after=int(deed.after or 0), limit=most
    )
    attempts.lock(connection, found)  # all at once, in the order that everybody locks requests in

    def decide_one(within: Connection, attempt: int) -> bool:
        decide(within, attempt, deed.started_by)
        return True

    return do_each(connection, found, most, decide_one)


def _chosen(aim: Aim) -> doubts.Chosen:
    return doubts.Chosen(batch=aim.chosen.get("batch", ""), channel=aim.chosen.get("channel", ""))
