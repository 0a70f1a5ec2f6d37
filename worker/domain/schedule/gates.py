"""Gates that the rest of a batch waits for: every one in the scheduler's own order, with when it changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.domain.contract.batches import BatchFacts, batch_status
from worker.domain.schedule import pace
from worker.domain.schedule.eligibility import (
    PacingState,
    current_rate,
    daily_left,
    local_time,
    next_midnight,
    window_state,
)
from worker.domain.statuses import BatchStatus


class GateState(StrEnum):
    """The effect of a gate on whoever waits."""

    OPEN = "open"
    WAIT = "wait"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class BatchGate:
    """One gate. `until`: when it changes; None: nobody knows, or never."""

    state: GateState
    sentence: str
    until: datetime | None = None


OPEN, WAIT, NEVER = GateState.OPEN, GateState.WAIT, GateState.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """Facts to judge gates by. `halt`: the reason of one over this batch; `due`: whether anybody is."""

    facts: BatchFacts
    pacing: PacingState
    halt: str | None
    due: bool
    next_due: datetime | None
    calls_in_use: int | None
    zone: str


def batch_gates(seen: GateFacts, now: datetime) -> tuple[BatchGate, ...]:
    """All of them, open ones too."""
    return tuple(_gates(seen, now))


def _gates(seen: GateFacts, now: datetime) -> Iterator[BatchGate]:
    yield _standing(seen, now)
    yield (
        BatchGate(WAIT, f"halted: {seen.halt}")
        if seen.halt
        else BatchGate(OPEN, "nothing is halted")
    )
    yield _start(seen, now)
    yield _window(seen, now)
    yield _cap(seen, now)
    yield _pace(seen, now)
    if seen.calls_in_use is not None:
        yield BatchGate(WAIT, f"all {seen.calls_in_use:,} concurrent calls are in use")
    yield _due(seen)


def _standing(seen: GateFacts, now: datetime) -> BatchGate:
    facts = seen.facts
    match batch_status(facts, now):
        case BatchStatus.CANCELED:
            return BatchGate(NEVER, f"deleted by {facts.last_updated_by}: {facts.deleted_reason}")
        case BatchStatus.FAILED:
            return BatchGate(WAIT, f"its upload failed: {facts.error_message}")
        case BatchStatus.EXPIRED:
            return BatchGate(NEVER, "expired")
        case BatchStatus.PAUSED:
            return BatchGate(WAIT, f"paused by {facts.last_updated_by}")
        case _:
            return BatchGate(OPEN, "not paused, not expired", facts.expires_on)


def _start(seen: GateFacts, now: datetime) -> BatchGate:
    at = seen.facts.starts_at
    if at is None or at <= now:
        return BatchGate(OPEN, "it has started")
    return BatchGate(WAIT, f"it starts {local_time(at, seen.zone)}", at)


def _window(seen: GateFacts, now: datetime) -> BatchGate:
    window = seen.pacing.hours.window
    at = window_state(window, now)
    if at.opens is None:
        return BatchGate(NEVER, "the calling window never opens")
    if at.opens > now:
        opens = local_time(at.opens, seen.zone)
        return BatchGate(WAIT, f"the calling window opens {opens}", at.opens)
    if at.closes is None:
        return BatchGate(OPEN, "the calling window never closes")
    return BatchGate(OPEN, f"calling window until {local_time(at.closes, seen.zone)}", at.closes)


def _cap(seen: GateFacts, now: datetime) -> BatchGate:
    left = daily_left(seen.pacing, now)
    if left is None:
        return BatchGate(OPEN, "no daily cap")
    if left:
        return BatchGate(OPEN, f"daily cap: {left:,} left")
    again = next_midnight(seen.pacing.hours.window.zone, now)
    return BatchGate(WAIT, f"daily cap reached until {local_time(again, seen.zone)}", again)


def _pace(seen: GateFacts, now: datetime) -> BatchGate:
    per_hour = current_rate(seen.pacing, now)
    if not per_hour:
        return BatchGate(OPEN, "as fast as the channel goes")
    allowance = pace.accrue(seen.pacing.allowance, per_hour, now)
    sentence = f"paced at {per_hour:,.0f} an hour: one every {3600 / per_hour:,.0f} s"
    if pace.whole(allowance) < 1:
        return BatchGate(WAIT, sentence, pace.next_claim_at(allowance, per_hour))
    return BatchGate(OPEN, sentence)


def _due(seen: GateFacts) -> BatchGate:
    if seen.due:
        return BatchGate(OPEN, "some are due now")
    if seen.next_due is None:
        return BatchGate(OPEN, "nobody waits")
    next_due = local_time(seen.next_due, seen.zone)
    return BatchGate(WAIT, f"nobody is due until {next_due}", seen.next_due)
