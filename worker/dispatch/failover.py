"""After a failover dispatch goes on where it is proven that no begin was lost; else an operator looks.

Every process that begins stands on the roll (`domain/roll.py`). Once somebody meets a newer timeline, all are
asked: each begins nothing more, waits until nothing of its own is under way, and says what it began last. The
new database must have all of that; then it is remembered in the old one's place in the same step that sees
that nobody has come to the roll since. Whoever comes later finds it remembered, and begins nothing on the old
one, though that may still take writes.
"""

from collections.abc import Sequence

import structlog

from worker.domain.database_identity import RememberedIdentity
from worker.domain.roll import Member, Proof, prove
from worker.store import forgotten, processes
from worker.store.connect import Engine, StoreUnavailable, in_transaction
from worker.store.rolls import Roll

log = structlog.get_logger()

PATIENCE = 30.0
"""Seconds for which processes are asked before an operator is: longer than a begin takes, and a word."""


class FailoverExamined(StoreUnavailable):
    """It is not known yet whether the new database lacks anything."""

    def __init__(self, proof: Proof) -> None:
        super().__init__(
            f"the database has failed over, and all who began anything are asked: {proof}"
        )


def examine(engine: Engine, roll: Roll, present: RememberedIdentity, before: int) -> Proof | None:
    """Ask everybody on the roll; None: nothing is missing, and the database is remembered.

    Args:
        engine: leads to the database at hand.
        roll: of this deployment.
        present: the database at hand.
        before: the timeline that was remembered.

    Raises:
        FailoverExamined: somebody has not answered yet, and still may.
        StoreUnavailable: roll or database are away.
    """
    asked_for = roll.call(present.timeline)
    heard = roll.hear()
    members = heard.members
    tokens = [call.token for one in members for call in one.calls]
    known = in_transaction(engine, forgotten.find_tokens, tokens)
    proof = prove(members, present.timeline, known, _not_on_it(engine, members))
    if not heard.is_whole:
        proof = Proof(proof.missing, (*proof.unasked, "whoever was at work when the roll was lost"))
    if proof.holds:
        if not roll.accept(present, before, heard):
            raise FailoverExamined(Proof(unasked=("somebody who spoke meanwhile",)))
        log.warning("failover_accepted", timeline=present.timeline, asked=len(members))
        return None
    if not proof.missing and asked_for < PATIENCE:
        raise FailoverExamined(proof)
    return proof


def _not_on_it(engine: Engine, members: Sequence[Member]) -> list[str]:
    """Processes at work of a release that puts nobody on the roll."""
    on_roll = {(one.host, one.pid) for one in members}
    rows = in_transaction(engine, processes.senders_lately)
    return [
        f"{kind} on {host} (pid {pid})" for kind, host, pid in rows if (host, pid) not in on_roll
    ]
