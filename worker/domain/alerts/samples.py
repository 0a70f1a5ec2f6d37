"""Samples of metrics over time: what a rule asks."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
"""Values by labels. A number alone is one without labels."""
Moment = Mapping[str, Vector]
"""Every sample of one moment, by its metric."""


@dataclass(slots=True)
class SampleHistory:
    """Moments, the oldest first, as far back as any rule asks. Times in seconds since the epoch."""

    keeps: float
    moments: deque[tuple[float, Moment]] = field(default_factory=deque)

    def add(self, at: float, moment: Moment) -> None:
        """The newest moment; what no rule asks about any more is forgotten, but for one before it."""
        self.moments.append((at, moment))
        while len(self.moments) > 2 and self.moments[1][0] <= at - self.keeps:
            self.moments.popleft()

    @property
    def now(self) -> float:
        """Return when the newest moment was."""
        return self.moments[-1][0]

    def knows(self, name: str) -> bool:
        """Return whether anything is known of a metric now."""
        return not name or bool(self.moments[-1][1].get(name))

    def value(self, name: str, wanted: Iterable[tuple[str, str, str]]) -> Vector:
        """The newest values of a metric, of series whose labels are, or are not, as wanted."""
        return dict(select(self.moments[-1][1], name, tuple(wanted)))

    def increase(self, name: str, wanted: Iterable[tuple[str, str, str]], seconds: float) -> Vector:
        """By how much counters have grown; a process that began to count anew begins with 0."""
        chosen = tuple(wanted)
        grown: Vector = {}
        known: Vector = {}
        for at, moment in self.moments:
            for labels, n in select(moment, name, chosen) if at >= self.now - seconds else ():
                was = known.get(labels, n)
                grown[labels] = grown.get(labels, 0.0) + (n - was if n >= was else n)
                known[labels] = n
        return grown


def select(
    moment: Moment, name: str, wanted: tuple[tuple[str, str, str], ...]
) -> Iterator[tuple[Labels, float]]:
    """The series of a metric whose labels are (`=`) or are not (`!=`) as wanted."""
    for labels, value in moment.get(name, {}).items():
        if all(((key, text) in labels) == (how == "=") for key, how, text in wanted):
            yield labels, value
