"""Attempts in doubt, and what will happen next."""

from dataclasses import dataclass
from datetime import timedelta

from worker.domain.evidence import Timeouts
from worker.domain.statuses import Channel
from worker.store import doubts
from worker.store.connect import Engine, in_transaction
from worker.store.doubts import Doubt


@dataclass(frozen=True, slots=True)
class OpenDoubt:
    """One attempt in doubt with the sentence that says what happens next."""

    doubt: Doubt
    next_step: str


def doubts_open(engine: Engine, patience: Timeouts, limit: int = 100) -> list[OpenDoubt]:
    """Attempts in doubt, oldest first."""
    found = in_transaction(engine, doubts.in_doubt, limit)
    return [OpenDoubt(doubt, _next_step(doubt, patience)) for doubt in found]


def _next_step(doubt: Doubt, patience: Timeouts) -> str:
    left = max(timedelta(0), patience.give_up[doubt.mode] - doubt.age)
    closing = f"closed without a second contact in {round(left.total_seconds())} s"
    if doubt.mode is Channel.EMAIL:
        return f"waits for the mail's events, else {closing}"
    looks = patience.empty_lookups - doubt.checks
    return f"asks the provider: {looks} empty looks prove it never arrived, else {closing}"
