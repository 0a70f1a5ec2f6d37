"""Durations and sizes of a delivery, and what became of one."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from worker.dispatch.account_health import USUAL, HealthRules
from worker.dispatch.daily_caps import LimitOf
from worker.domain.evidence import Timeouts
from worker.domain.schedule.hand_backs import HandBack
from worker.limits.gate import no_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """Durations and sizes of one delivery, and the key of its marks."""

    send_window: timedelta
    answer_time: timedelta
    flush_rows: int
    flush_seconds: float
    at_once: int
    group_size: int
    timeouts: Timeouts
    mark_key: bytes
    """What tokens are marked with."""
    attempt_log_share: float = 1.0
    """Of accepted attempts so many are told in the log."""
    health: HealthRules = USUAL
    """By which an account is judged, where campaigns list another one."""
    concurrent_calls: int = 0
    """How many calls may be under way at once, all workers together; 0: any number."""
    limit_of: LimitOf = no_limit
    """What carriers let through of a source of texts."""
    source_rest: timedelta = timedelta(days=1)
    """How long those who have a source wait for one that rests."""


@dataclass(slots=True)
class Delivered:
    """The result of a chunk: answers by kind, and requests that were handed back, by reason."""

    answers: Counter[str] = field(default_factory=Counter)
    handed_back: Counter[HandBack] = field(default_factory=Counter)

    def add(self, other: "Delivered") -> None:
        """Count what became of another part of it too."""
        self.answers += other.answers
        self.handed_back += other.handed_back
