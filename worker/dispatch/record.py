"""Record what the provider answered."""

import time
from collections.abc import Sequence
from functools import partial

import structlog

from worker.dispatch.line import Answered
from worker.dispatch.suspect import suspect_double
from worker.domain.answers import Accepted, Halt, HaltScope, Refusal, Refused
from worker.domain.statuses import Mode
from worker.domain.verdicts import Patience, judge_answer
from worker.store import attempts, halts
from worker.store.connect import Connection, Engine, StoreUnavailable, in_transaction

log = structlog.get_logger()

# The answer exists only here: worth waiting for the database. Beyond this the rescuer asks for it.
RECORD_TRIES = 40
RECORD_PAUSE = 0.25


def record(
    engine: Engine, patience: Patience, campaign: int, mode: Mode, answered: Sequence[Answered]
) -> None:
    """Turn answers into states.

    1. Halt what can't send, so that nothing more begins there.
    2. Read the attempts under their locks: a callback may have been first.
    3. Judge each answer against the facts, and write what it changes.
    """
    for tries_left in reversed(range(RECORD_TRIES)):
        try:
            _halt(engine, campaign, mode, answered)
            in_transaction(engine, lambda c: _write(c, patience, answered))
        except StoreUnavailable:
            if not tries_left:
                raise
            time.sleep(RECORD_PAUSE)
        else:
            return


def _write(connection: Connection, patience: Patience, answered: Sequence[Answered]) -> None:
    by_attempt = {one.ticket.attempt: one.answer for one in answered}
    suppresses = any(
        isinstance(answer, Refused) and answer.kind is Refusal.OPTED_OUT
        for answer in by_attempt.values()
    )
    facts = attempts.lock(connection, by_attempt, with_recipients=suppresses)
    for attempt, answer in by_attempt.items():
        if isinstance(answer, Accepted):
            suspect_double(facts[attempt], answer.sid)
    changes = [judge_answer(facts[a], answer, patience) for a, answer in by_attempt.items()]
    attempts.write(connection, [change for change in changes if change])


def _halt(engine: Engine, campaign: int, mode: Mode, answered: Sequence[Answered]) -> None:
    reasons = {
        (answer.scope, answer.why)
        for answer in (one.answer for one in answered)
        if isinstance(answer, Halt)
    }
    for scope, why in reasons:
        key = mode if scope is HaltScope.CHANNEL else str(campaign)
        step = partial(halts.halt, scope=scope.value, key=key, reason=why, by=halts.PROVIDER)
        if in_transaction(engine, step):
            log.critical("dispatch_halted", scope=scope.value, key=key, why=why)
