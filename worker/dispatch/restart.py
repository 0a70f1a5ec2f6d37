"""Lift the STOPs of whoever wrote START after them; the provider says what was written when."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from worker.dispatch.line import Line
from worker.domain.starts import StartVerdict, judge_start
from worker.domain.statuses import Mode
from worker.domain.suppression import Source
from worker.store import lifts, starts, suppressions
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.lifts import Suppression
from worker.store.starts import Start

log = structlog.get_logger()

PAGE = 50
FIRST_RETRY = timedelta(seconds=30)
# A message may be kept from us for as long as Twilio repeats a webhook, and the provider may be away.
START_PATIENCE = timedelta(days=1)
MOST_ASKED = 20
"""STOPs of one person that are asked about; whoever wrote more waits for an operator."""


def hear_starts(engine: Engine, line: Line) -> int:
    """Judge every START that is due. Returns how many were taken.

    1. Take it for a while, so that two schedulers do not both ask.
    2. Ask the provider when it and the STOPs in force were written; no transaction open.
    3. Lock the recipient, see that no other STOP came meanwhile, and lift them all or none.

    Where nobody can say, the STOP stays: nothing repairs a contact that was not wanted.
    """
    due = in_transaction(
        engine,
        lambda c: starts.take(c, first=FIRST_RETRY, patience=START_PATIENCE, limit=PAGE),
    )
    for start in due:
        try:
            _judge(engine, line, start)
        except Exception as error:  # noqa: BLE001  one that can't be judged must not stop the others
            log.error("start_failed", error=type(error).__name__)
    return len(due)


def _judge(engine: Engine, line: Line, start: Start) -> None:
    stops = in_transaction(engine, lambda c: _standing(c, start.identity))
    if len(stops) > MOST_ASKED:
        log.warning("start_stays", stops=len(stops))
        return in_transaction(engine, lambda c: starts.settle(c, start.sid))
    told = line.recall([start.sid, *(one.act for one in stops)]) if stops else [None]
    verdict = judge_start(start.identity, told[0], told[1:]) if stops else StartVerdict.LIFTS
    if verdict is StartVerdict.ASK_AGAIN:
        log.info("start_waits", stops=len(stops))
        return None
    if verdict is StartVerdict.STAYS:
        log.warning("start_stays", stops=len(stops))
        return in_transaction(engine, lambda c: starts.settle(c, start.sid))
    return in_transaction(engine, lambda c: _lift(c, start, stops))


def _standing(connection: Connection, identity: str) -> list[Suppression]:
    told = lifts.of_person(connection, Mode.SMS, identity)
    return [one for one in told if one.source == Source.STOP and one.lifted_at is None]


def _lift(connection: Connection, start: Start, judged: Sequence[Suppression]) -> None:
    """One that came meanwhile was not asked about: then nothing is settled, and it is asked again."""
    modes = sorted({mode for one in judged for mode in one.modes} | {Mode.SMS})
    suppressions.lock(connection, modes, [start.identity])
    rows = [one.id for one in _standing(connection, start.identity)]
    if not set(rows) <= {one.id for one in judged}:
        return
    lifted = lifts.lift(connection, rows, by=Source.START, why=start.sid)
    starts.settle(connection, start.sid)
    log.info("start_lifted", stops=lifted)
