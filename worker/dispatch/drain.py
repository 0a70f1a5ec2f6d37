"""Wait until nothing of a paused batch can reach a provider any more."""

import time
from dataclasses import dataclass

import structlog

from worker.dispatch.line import Line
from worker.domain.reports import Meaning, Report
from worker.domain.statuses import Cause, ChannelStatus, Mode
from worker.domain.verdicts import Patience, judge_report
from worker.store import attempts, doubts
from worker.store.connect import Connection, Engine, in_transaction

log = structlog.get_logger()

POLL = 0.05
CANCELED_RANK = 100


@dataclass(frozen=True, slots=True)
class Drained:
    """How long the drain took, and how many calls queued at the provider were taken back."""

    seconds: float
    canceled: int


def drain(engine: Engine, line: Line, patience: Patience, batch_id: str) -> Drained:
    """Fence off a batch whose pause, deletion or expiry has committed.

    1. Poll until every attempt that could still be on its way has answered or timed out. Doubt does
       not block: its deadline lies behind it, so nothing of it can be written any more.
    2. Cancel calls that the provider accepted and has not dialed yet.

    When this returns, the provider receives no new request of this batch.
    """
    began = time.monotonic()
    while in_transaction(engine, lambda c: doubts.on_their_way(c, batch_id)):
        time.sleep(POLL)
    canceled = 0
    for attempt, sid in in_transaction(engine, lambda c: doubts.queued_calls(c, batch_id)):
        if line.cancel_call(sid):
            _note_canceled(engine, patience, attempt, sid)
            canceled += 1
    return Drained(time.monotonic() - began, canceled)


def _note_canceled(engine: Engine, patience: Patience, attempt: int, sid: str) -> None:
    """Twilio posts no callback for a call canceled while queued: whoever cancels must say so."""
    report = Report(
        mode=Mode.VOICE,
        key=f"{sid}:canceled-by-us",
        token=None,
        sid=sid,
        name="canceled",
        rank=CANCELED_RANK,
        sequence=0,
        meaning=Meaning.NEVER_RANG,
        channel_status=ChannelStatus.CANCELED,
    )

    def step(connection: Connection) -> None:
        facts = attempts.lock(connection, [attempt])[attempt]
        change = judge_report(facts, report, patience, Cause.OPERATOR)
        attempts.write(connection, [change] if change else [])

    in_transaction(engine, step)
