"""One deed over all that match: how it is ordered, how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from worker.domain.audit import Deed


class Over(StrEnum):
    """Whatever a deed may be done to all of."""

    REQUESTS = "requests"
    BATCHES = "batches"
    DOUBTS = "doubts"
    LETTERS = "dead letters"


OVER: Mapping[Deed, Over] = {
    Deed.RETRY: Over.REQUESTS,
    Deed.REMOVE: Over.REQUESTS,
    Deed.PAUSE: Over.BATCHES,
    Deed.RESUME: Over.BATCHES,
    Deed.COUNT_AS_SENT: Over.DOUBTS,
    Deed.ALLOW_RETRY: Over.DOUBTS,
    Deed.REPLAY: Over.LETTERS,
    Deed.DISCARD: Over.LETTERS,
}
"""By deed, what it is done to all of; a deed that is not here is done to one at a time."""

FILTERS: Mapping[Over, tuple[str, ...]] = {
    Over.REQUESTS: ("outcome",),
    Over.BATCHES: ("matching", "status", "standing"),
    Over.DOUBTS: ("batch", "channel"),
    Over.LETTERS: ("kind",),
}
"""The names of what they may have in common, as a list's own filter names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A deed and all that it is meant for: of one batch where its requests are, of all else."""

    deed: Deed
    batch_id: str | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def over(self) -> Over | None:
        """Whatever it is done to; None where there is no such deed, or not over that."""
        over = OVER.get(self.deed)
        return over if (over is Over.REQUESTS) == (self.batch_id is not None) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOrder:
    """An order: a deed over all that `aim` means.

    `most`: the number that was typed; no more than so many are touched, whatever has come since. `once`:
    the same order sent twice is one.
    """

    once: UUID
    aim: Aim
    most: int
    why: str | None = None


@dataclass(frozen=True, slots=True)
class BulkDeed:
    """A deed as it stands. `passed`: of those that matched, how many were left as they were."""

    id: int
    deed: Deed
    batch_id: str | None
    chosen: Mapping[str, str]
    most: int
    why: str | None
    started_by: str
    started_at: datetime
    after: str
    done: int
    passed: int
    finished_at: datetime | None
    stopped_by: str | None
    fault: str | None

    @property
    def aim(self) -> Aim:
        """Whatever it is meant for."""
        return Aim(deed=self.deed, batch_id=self.batch_id, chosen=self.chosen)

    @property
    def left(self) -> int:
        """Count how many more it may touch."""
        return max(0, self.most - self.done - self.passed)

    @property
    def percent(self) -> float:
        """Return how far it is; all of it, once it has found nobody more."""
        if self.finished_at is not None and not (self.stopped_by or self.fault):
            return 100.0
        return 100.0 * (self.most - self.left) / self.most if self.most else 0.0


@dataclass(frozen=True, slots=True)
class Portion:
    """One step of a deed: how many it was done to, how many were passed over, and where the next begins.

    `after` is None behind the last of all.
    """

    after: str | None
    done: int
    passed: int
