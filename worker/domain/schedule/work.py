"""Work of a batch on paper: who may be attempted from which moment on, and who is tried again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from worker.domain.schedule.load import OUT_OF_SIGHT, Load, Retrying

HOUR = timedelta(hours=1)
ROUNDING = 1e-6
HALF_A_RETRY = 0.5
"""Of fewer none is expected."""


@dataclass(slots=True)
class Work:
    """The work that is left. Requests that wait go before retries of attempted ones.

    `first` and `again`: how many may be attempted now; `later`: how many from each moment on, by the hour
    it is in; `done`: attempts so far.
    """

    requests: int
    retried: Retrying
    first: float
    again: float = 0.0
    later: dict[datetime, tuple[datetime, float, float]] = field(default_factory=dict)
    done: float = 0.0
    finishes_at: datetime | None = None

    @classmethod
    def of(cls, requests: int, now: datetime, load: Load) -> Self:
        """The work as it stands: whoever has not to wait may be attempted now."""
        wait = {at: n for at, n in load.later.items() if at > now}
        made = cls(requests, load.retried, float(max(0, requests - sum(wait.values()))))
        for at, n in wait.items():
            made._expect(at, first=float(n))
        return made

    @property
    def waiting(self) -> int:
        """Count how many of the requests have not been attempted."""
        left = self.first + sum(first for _, first, _ in self.later.values())
        return min(self.requests, int(left + 1 - ROUNDING))

    def next_at(self, at: datetime) -> datetime | None:
        """The moment from which there is something to do, `at` or later; None: nothing is left."""
        self.admit(at)
        ready = self.first + self.again
        left = ready + sum(first + again for _, first, again in self.later.values())
        if not self.waiting and left < HALF_A_RETRY:
            return None
        return at if ready > ROUNDING else self.arrives_next()

    def free_from(self, until: datetime) -> datetime:
        """Say when more may be done: at once where nothing was left to do, else afterwards."""
        ready = self.first + self.again > ROUNDING
        return until if ready or self.finishes_at is None else min(self.finishes_at, until)

    def arrives_next(self) -> datetime:
        """Say when somebody is added who may be attempted."""
        return min((at for at, _, _ in self.later.values()), default=OUT_OF_SIGHT)

    def admit(self, at: datetime) -> None:
        """Let those be attempted who had to wait until now."""
        for hour, (since, first, again) in list(self.later.items()):
            if since <= at:
                self.first, self.again = self.first + first, self.again + again
                del self.later[hour]

    def do(self, most: float, per_hour: float, at: datetime, until: datetime) -> int:
        """Attempt as many, at this rate, before a moment. Returns how many, in whole attempts."""
        first = min(self.first, most)
        again = min(self.again, most - first)
        self.first, self.again = self.first - first, self.again - again
        before, self.done = self.done, self.done + first + again
        if first + again <= 0:
            return 0
        self.finishes_at = min(at + HOUR * ((first + again) / per_hour), until)
        if self.retried.share:
            after = self.finishes_at + self.retried.delay
            self._expect(after, again=(first + again) * self.retried.share)
        return int(self.done + ROUNDING) - int(before + ROUNDING)

    def _expect(self, at: datetime, *, first: float = 0.0, again: float = 0.0) -> None:
        hour = at.replace(minute=0, second=0, microsecond=0)
        since, firsts, agains = self.later.get(hour, (at, 0.0, 0.0))
        share = (first + again) / (first + again + firsts + agains)
        self.later[hour] = (since + (at - since) * share, firsts + first, agains + again)
