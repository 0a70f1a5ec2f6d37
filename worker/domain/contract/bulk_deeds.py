"""One deed over all that match: how it is ordered, how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from worker.domain.audit import Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOrder:
    """An order: `deed` over the requests of a batch, or over batches where none is named.

    `chosen`: what they have in common: an outcome, or the filter of a list of batches. `most`: the number
    that was typed; no more than so many are touched, whatever has come since. `once`: the same order sent
    twice is one.
    """

    once: UUID
    deed: Deed
    batch_id: str | None
    chosen: Mapping[str, str]
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
