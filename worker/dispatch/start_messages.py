"""Lift the STOPs of whoever wrote START after them; the provider says what was written when."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.consent.start_messages import StartVerdict, judge_start
from worker.domain.consent.suppression import Source
from worker.domain.statuses import Channel
from worker.store import start_messages, suppression_acts, suppressions
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.start_messages import Start
from worker.store.suppression_acts import Suppression

log = structlog.get_logger()

PAGE = 50
FIRST_RETRY = timedelta(seconds=30)
# A message may be kept from us for as long as Twilio repeats a webhook, and the provider may be away.
START_PATIENCE = timedelta(days=1)
MOST_ASKED = 20
"""STOPs of one person that are asked about; whoever wrote more waits for an operator."""


def hear_starts(engine: Engine, provider_loop: ProviderLoop) -> int:
    """Judge every START that is due. Returns how many were taken.

    1. Take it for a while, so that two schedulers do not both ask.
    2. Ask the provider when it and the STOPs in force were written; no transaction open.
    3. Lock the recipient, see that no other STOP came meanwhile, and lift them all or none.

    Where nobody can say, the STOP stays: nothing repairs a contact that was not wanted.
    """
    due = in_transaction(
        engine,
        start_messages.take,
        first=FIRST_RETRY,
        patience=START_PATIENCE,
        limit=PAGE,
    )
    for start in due:
        try:
            _judge(engine, provider_loop, start)
        except Exception as error:  # noqa: BLE001  one that can't be judged must not stop the others
            log.error("start_failed", error=type(error).__name__)
    return len(due)


def _judge(engine: Engine, provider_loop: ProviderLoop, start: Start) -> None:
    stops = in_transaction(engine, _standing, start.identity)
    if len(stops) > MOST_ASKED:
        log.warning("start_stays", stops=len(stops))
        return in_transaction(engine, start_messages.resolve, start.sid)
    told = provider_loop.recall([start.sid, *(one.act for one in stops)]) if stops else [None]
    verdict = judge_start(start.identity, told[0], told[1:]) if stops else StartVerdict.LIFTS
    if verdict is StartVerdict.ASK_AGAIN:
        log.info("start_waits", stops=len(stops))
        return None
    if verdict is StartVerdict.STAYS:
        log.warning("start_stays", stops=len(stops))
        return in_transaction(engine, start_messages.resolve, start.sid)
    return in_transaction(engine, _lift, start, stops)


def _standing(connection: Connection, identity: str) -> list[Suppression]:
    told = suppression_acts.of_person(connection, Channel.SMS, identity)
    return [one for one in told if one.source == Source.STOP and one.lifted_at is None]


def _lift(connection: Connection, start: Start, judged: Sequence[Suppression]) -> None:
    """One that came meanwhile was not asked about: then nothing is decided, and it is asked again."""
    channels = sorted({channel for one in judged for channel in one.channels} | {Channel.SMS})
    suppressions.lock(connection, channels, [start.identity])
    rows = [one.id for one in _standing(connection, start.identity)]
    if not set(rows) <= {one.id for one in judged}:
        return
    lifted = suppression_acts.lift(connection, rows, by=Source.START, why=start.sid)
    start_messages.resolve(connection, start.sid)
    log.info("start_lifted", stops=lifted)
