"""Retries: whether a missed attempt is followed by another, how much later, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from worker.domain.statuses import ChannelStatus


class Outcome(StrEnum):
    """An outcome that a campaign may retry on. Invalid, skipped and content errors are none of these."""

    BUSY = "busy"
    NO_ANSWER = "no-answer"
    MACHINE = "machine"
    FAILED = "failed"
    SOFT_BOUNCE = "soft-bounce"


# A machine was reached, and may have taken the message: retried only where the campaign says so.
USUAL = tuple(outcome for outcome in Outcome if outcome is not Outcome.MACHINE)

OUTCOMES: dict[ChannelStatus, Outcome] = {
    ChannelStatus.BUSY: Outcome.BUSY,
    ChannelStatus.DECLINED: Outcome.BUSY,
    ChannelStatus.NO_ANSWER: Outcome.NO_ANSWER,
    ChannelStatus.MACHINE: Outcome.MACHINE,
    ChannelStatus.BOUNCED: Outcome.SOFT_BOUNCE,
    ChannelStatus.DEFERRED: Outcome.SOFT_BOUNCE,
    ChannelStatus.DROPPED: Outcome.SOFT_BOUNCE,
}
"""Every other outcome that is worth another try is a passing failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """A campaign's choice: which outcomes, and how much later."""

    interval: timedelta = timedelta(minutes=30)
    on: tuple[str, ...] = USUAL
    delays: Mapping[str, timedelta] = field(default_factory=dict)


def outcome(status: ChannelStatus) -> Outcome:
    """Return what an outcome is called in a campaign's rules."""
    return OUTCOMES.get(status, Outcome.FAILED)


def delay(
    rules: RetryRules, status: ChannelStatus, time_left: timedelta | None
) -> timedelta | None:
    """Return how much later to try again; None where the campaign doesn't, or it would be too late.

    `time_left` is what remains until the batch expires; None: it never does.
    """
    name = outcome(status)
    if name not in rules.on:
        return None
    wait = rules.delays.get(name, rules.interval)
    return None if time_left is not None and wait >= time_left else wait


def reason(name: str, attempt: int, allowed: int, wait: timedelta) -> str:
    """Return why a retry happened, for the history."""
    return f"{name}: attempt {attempt} of {allowed}, again in {_short(wait)}"


def _short(wait: timedelta) -> str:
    seconds = int(wait.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds and not seconds % size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
