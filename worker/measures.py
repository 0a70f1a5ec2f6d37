"""Measures of this process: how long things took, and how often they happened.

What works notes a measure by appending it to a queue, which takes no lock; the process's presence sorts the
queue every few seconds and adds it to the tallies of all processes in the database. There a measure of one
process is no other's, and none becomes less when a process ends, so that rates can be taken of their sum.
What a process has not brought when it dies is lost. Where nobody brings them, nothing is noted.
"""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from worker.domain.evidence.answers import KINDS
from worker.domain.statuses import Channel

TENTHS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MINUTES = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
MOST_HELD = 200_000
"""Measures that wait to be sorted; the oldest are lost beyond it."""
INFINITE = "inf"
MICROSECONDS = 1_000_000

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A thing that is measured. `bounds`: of its buckets, in seconds; none: it is only counted."""

    name: str
    sentence: str
    labels: Mapping[str, tuple[str, ...]]
    bounds: tuple[float, ...] = ()

    @property
    def series(self) -> Iterable[Labels]:
        """Every combination of its labels' values: each is there from the start."""
        return product(*self.labels.values())

    def tally(self, labels: Labels, part: str) -> str:
        """The name under which a part of a series is counted: a bucket by its bound, or the sum."""
        return ":".join(("measure", self.name, *labels, part))


CHANNELS = {"channel": tuple(channel.value for channel in Channel)}

ANSWER_TIME = Measure(
    "provider_answer_seconds",
    "how long a provider took for a request, by what its first recipient's answer was",
    {**CHANNELS, "answer": KINDS},
    TENTHS,
)
CLAIM_TO_ACCEPTED = Measure(
    "claim_to_accepted_seconds",
    "from a scheduler's claim of a request until the provider had taken it",
    CHANNELS,
    MINUTES,
)
CALLBACK_LAG = Measure(
    "callback_lag_seconds",
    "from the provider's moment of an event until we had it safely; texts name no moment",
    CHANNELS,
    MINUTES,
)
PERMIT_WAIT = Measure(
    "permit_wait_seconds",
    "how long a worker waited for leave to make requests, whether it came or not",
    CHANNELS,
    TENTHS,
)
THROTTLED = Measure(
    "throttled", "requests that a provider refused for its rate: nobody was contacted", CHANNELS
)
ACCOUNT_ANSWERS = Measure(
    "account_answers",
    "requests to providers by account, and what the first recipient's answer was",
    {"account": (), **CHANNELS, "answer": KINDS},
)
"""Shown for the accounts that were counted: their names stand in a file that is read again and again."""
MEASURES = (ANSWER_TIME, CLAIM_TO_ACCEPTED, CALLBACK_LAG, PERMIT_WAIT, THROTTLED)
SUM = "sum"
"""The part of a series that adds up its seconds, in millionths."""


class Measuring:
    """The measures of this process. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.on = False
        """Whether anybody brings them; ask before a moment is taken only to be measured."""
        self._noted: deque[tuple[Measure, Labels, float]] = deque(maxlen=MOST_HELD)

    def note(self, measure: Measure, labels: Labels, value: float) -> None:
        """Seconds that something took, or how often it happened."""
        if self.on:
            self._noted.append((measure, labels, value))

    @property
    def waiting(self) -> int:
        """Count those that are not sorted yet."""
        return len(self._noted)

    def take(self) -> Counter[str]:
        """Take what was noted since the last time, by the name of its tally."""
        taken: Counter[str] = Counter()
        for _ in range(len(self._noted)):
            measure, labels, value = self._noted.popleft()
            if not measure.bounds:
                taken[measure.tally(labels, "n")] += int(value)
                continue
            seconds = max(value, 0.0)
            taken[measure.tally(labels, bucket_of(measure.bounds, seconds))] += 1
            taken[measure.tally(labels, SUM)] += round(seconds * MICROSECONDS)
        return taken


def bucket_of(bounds: tuple[float, ...], seconds: float) -> str:
    """The part of a series that counts so many seconds."""
    place = bisect_left(bounds, seconds)
    return INFINITE if place == len(bounds) else str(bounds[place])


MEASURED = Measuring()
"""This process's."""
