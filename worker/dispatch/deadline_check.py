"""Say early which batches can't finish before they expire: by their rate, their window, a cap, a channel."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.eligibility import Claimable, evaluate
from worker.domain.schedule.load import Load
from worker.domain.schedule.plan import plan
from worker.store import due_batches, expected_misses, loads
from worker.store.batches import now
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.due_batches import Candidate
from worker.store.expected_misses import Noted

log = structlog.get_logger()

BATCHES = 200
"""How many are looked at: laying one out takes some milliseconds."""
AHEAD = timedelta(days=31)
"""How soon a batch expires that is looked at: hour by hour, a year would take too long to lay out."""
FASTEST = 3.6e6
"""Attempts an hour where nobody knows a limit: nobody is warned for a guess."""


def check_deadlines(engine: Engine, ceilings: Ceilings) -> None:
    """Lay out what every batch that ends has left; say where that is too much, or no longer is.

    A rate may be too low for what is left of the window; an automatic one may leave its baseline by a fifth
    only. It is noted, logged and told to the campaign's receivers. Any number of schedulers may do it.
    """
    missed: dict[int, int] = {}
    for batch in in_transaction(engine, expected_misses.ending, within=AHEAD, limit=BATCHES):
        missed[batch] = _count_misses(engine, batch, ceilings)
    if not missed:
        return
    for one in in_transaction(engine, _note, missed):
        if one.before is None:
            log.warning("batch_will_be_late", batch_id=one.batch_id, missed=one.now)
        elif one.now is None:
            log.info("batch_will_be_in_time", batch_id=one.batch_id)


def _note(connection: Connection, missed: Mapping[int, int]) -> list[Noted]:
    news = expected_misses.note(connection, missed)
    begins = {one.batch_id: one.now for one in news if one.before is None and one.now is not None}
    if begins:
        expected_misses.tell(connection, begins)
    return news


def _count_misses(engine: Engine, batch: int, ceilings: Ceilings) -> int:
    found, load, at = in_transaction(engine, _read, batch=batch)
    pacing, ceiling = found.pacing, ceilings.per_hour(found.channel) or FASTEST
    return plan(pacing, pacing.remaining, at, ceiling=ceiling, load=load).missed


def _read(connection: Connection, *, batch: int) -> tuple[Candidate, Load, datetime]:
    at = now(connection)
    found = due_batches.of(connection, [batch], at)[batch]
    left = expected_misses.waiting(connection, batch)
    pacing = replace(found.pacing, remaining=left)
    moving = isinstance(evaluate(pacing, at), Claimable)
    recent = loads.measure_pace(connection, [batch]).get(batch)
    load = loads.read(connection, pacing, at, recent, moving=moving)
    return replace(found, pacing=pacing), load, at
