"""Deeds over all dead letters that match: taken in again as they are, or let go."""

from collections.abc import Sequence

from worker.desk.bulk_steps import do_each
from worker.desk.dead_letters import REPLAYABLE, discard_in, replay_in
from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import Aim, BulkDeed, Portion
from worker.store import dead_letters
from worker.store.connect import Connection
from worker.store.dead_letters import KINDS
from worker.store.webhooks import WEBHOOK

SIZE = 20
"""Letters that one transaction takes in: each may be a batch with thousands of people."""


def count(connection: Connection, aim: Aim) -> int:
    """Count those that match and that it can be done to."""
    counted = dead_letters.count_open(connection)
    return sum(counted.get(kind, 0) for kind in _kinds(aim))


def do_portion(connection: Connection, deed: BulkDeed) -> Portion:
    """Do it to the next ones, the oldest first."""
    most = min(SIZE, deed.left)
    found = dead_letters.list_open(
        connection, _kinds(deed.aim), after=int(deed.after or 0), limit=most
    )

    def do_one(within: Connection, letter: int) -> bool:
        if deed.deed is Deed.REPLAY:
            replay_in(within, letter, deed.started_by)
        else:
            discard_in(within, letter, deed.started_by)
        return True

    return do_each(connection, found, most, do_one)


def _kinds(aim: Aim) -> Sequence[str]:
    kind = aim.chosen.get("kind", "")
    those = REPLAYABLE if aim.deed is Deed.REPLAY else (*KINDS, WEBHOOK)
    return [one for one in those if kind in {"", one}]
