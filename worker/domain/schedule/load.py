"""The load ahead of a batch: when those who wait may be attempted, how fast it goes, what is tried again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.reachability import Alike, first_moment
from worker.domain.schedule.windows import recipient_zones

HOUR = timedelta(hours=1)
LEAST, SHORTEST = 10, timedelta(seconds=30)
"""Attempts, and the time they took: fewer or faster tell of chance."""
OUT_OF_SIGHT = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recent:
    """Attempts begun in the last minutes, retries among them: how many, the first and the last."""

    n: int
    first: datetime
    last: datetime

    def per_hour(self, until: datetime | None) -> float | None:
        """Return attempts an hour; None where too few began to tell.

        Args:
            until: the present, while it moves; None: it stands still since the last one.
        """
        took = (until or self.last) - self.first
        if self.n < LEAST or took < SHORTEST:
            return None
        return (self.n - 1) * (HOUR / took)


@dataclass(frozen=True, slots=True)
class Retrying:
    """The end of attempts: the share that is followed by another one, and after how long."""

    share: float = 0.0
    delay: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Load:
    """All that is known of a batch's work beside its rates.

    `later`: how many of those who wait may not be attempted before which moment; `measured`: attempts an
    hour that it has begun lately, None: too few to tell.
    """

    later: Mapping[datetime, int] = field(default_factory=dict)
    measured: float | None = None
    retried: Retrying = Retrying()


NOTHING_KNOWN = Load()


def wait_for_hours(
    hours: OpenHours, numbers: Iterable[Alike], total: int, now: datetime
) -> dict[datetime, int]:
    """Count whom their own hours let wait, by the moment at which these begin.

    Args:
        hours: the campaign's, and the recipient's.
        numbers: those who are due, or a sample of them.
        total: how many are due.
        now: by the database's clock.
    """
    local, sample = hours.recipient, tuple(numbers)
    if local is None or not sample:
        return {}
    opens = cache(lambda zones: first_moment(hours.window, zones, local, now))
    found: Counter[datetime] = Counter()
    for prefix, length, n in sample:
        found[opens(recipient_zones(prefix.ljust(length, "0"))) or OUT_OF_SIGHT] += n
    scale = total / found.total()
    return {at: round(n * scale) for at, n in found.items() if at > now}
