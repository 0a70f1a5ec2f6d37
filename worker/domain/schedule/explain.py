"""Explanations: why a batch is not moving right now, and when it will have finished."""

from dataclasses import dataclass
from datetime import datetime

from worker.domain.contract.batches import BatchFacts, batch_status
from worker.domain.schedule.eligibility import Claimable, NotYet, local_time
from worker.domain.schedule.plan import Plan
from worker.domain.statuses import BatchStatus, Channel

NOTHING_SCANS = "nothing is scanning: start a scheduler, or see why it hangs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The facts that an explanation is made of.

    `halt`: the reason of one in force over this batch; `calls_in_use`: how many calls may be under way
    at once, where all of them are; `zone`: the one in which times are told.
    """

    facts: BatchFacts
    channel: Channel
    halt: str | None
    eligibility: Claimable | NotYet
    waiting: int
    due: int
    next_due: datetime | None
    plan: Plan
    calls_in_use: int | None = None
    zone: str = "UTC"
    scanning: bool = True
    """Whether any scheduler looks for what is due."""


def why_not_moving(situation: Situation, now: datetime) -> str | None:
    """One sentence; None where it is moving, or has nothing left to do."""
    facts = situation.facts
    stopped: dict[BatchStatus, str] = {
        BatchStatus.CANCELED: f"deleted by {facts.last_updated_by}",
        BatchStatus.FAILED: f"its upload failed: {facts.error_message}",
        BatchStatus.EXPIRED: "expired",
        BatchStatus.PAUSED: f"paused by {facts.last_updated_by}",
    }
    if why := stopped.get(batch_status(facts, now)):
        return why
    if facts.finished_at is not None or not situation.waiting:
        return None
    return _why_held_back(situation)


def _why_held_back(situation: Situation) -> str | None:
    if situation.halt is not None:
        return f"halted: {situation.halt}"
    if isinstance(situation.eligibility, NotYet):
        return situation.eligibility.why
    if situation.due and not situation.scanning:
        return NOTHING_SCANS
    if situation.due and situation.calls_in_use is not None:
        return f"all {situation.calls_in_use:,} concurrent calls are in use"
    if not situation.due and situation.next_due is not None:
        return f"nothing is due until {local_time(situation.next_due, situation.zone)}"
    return None


def when_finished(situation: Situation, now: datetime) -> str | None:
    """One sentence about the end at the present pace; None where there is nothing left to do."""
    facts = situation.facts
    over = (BatchStatus.CANCELED, BatchStatus.EXPIRED, BatchStatus.FAILED)
    if not situation.waiting or batch_status(facts, now) in over:
        return None
    if not situation.scanning:
        return f"not in sight: {NOTHING_SCANS}"
    return ending(situation.plan, situation.waiting, facts.expires_on, situation.zone)


def ending(plan: Plan, waiting: int, expires_on: datetime | None, zone: str = "UTC") -> str:
    """Return when the plan ends, or how many it leaves out."""
    if plan.finishes_at is not None:
        return f"about {local_time(plan.finishes_at, zone)}, at the present pace"
    ends = "in sight" if expires_on is None else f"before {local_time(expires_on, zone)}"
    return f"{plan.missed:,} of {waiting:,} waiting requests will not be attempted {ends}"
