"""Say early which auto-paced batches can't finish before they expire."""

from datetime import datetime

import structlog

from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.eligibility import Claimable, evaluate
from worker.domain.schedule.load import Load
from worker.domain.schedule.plan import plan
from worker.store import due_batches, expected_misses, loads
from worker.store.batches import now
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.due_batches import Candidate

log = structlog.get_logger()

BATCHES = 200
"""How many are looked at: laying one out takes some milliseconds."""


def check_deadlines(engine: Engine, ceilings: Ceilings) -> None:
    """Lay out what every auto-paced batch has left; note and log where that is too much, or no longer is.

    The rate may leave its baseline by a fifth only, and caps and channels have limits: a batch that grew,
    or began late, may not be able to finish. Any number of schedulers may do it.
    """
    missed: dict[int, int] = {}
    for batch in in_transaction(engine, expected_misses.auto_paced, BATCHES):
        missed[batch] = _count_misses(engine, batch, ceilings)
    if not missed:
        return
    for one in in_transaction(engine, expected_misses.note, missed):
        if one.before is None:
            log.warning("batch_will_be_late", batch_id=one.batch_id, missed=one.now)
        elif one.now is None:
            log.info("batch_will_be_in_time", batch_id=one.batch_id)


def _count_misses(engine: Engine, batch: int, ceilings: Ceilings) -> int:
    found, load, at = in_transaction(engine, _read, batch=batch)
    pacing, ceiling = found.pacing, ceilings.per_hour(found.channel)
    return plan(pacing, pacing.remaining, at, ceiling=ceiling, load=load).missed


def _read(connection: Connection, *, batch: int) -> tuple[Candidate, Load, datetime]:
    at = now(connection)
    found = due_batches.one(connection, batch, at)
    assert found is not None, "a trigger paces every batch"
    moving = isinstance(evaluate(found.pacing, at), Claimable)
    return found, loads.read(connection, found.pacing, at, moving=moving), at
