"""Progress of a batch, in six words: done, failed, skipped, in doubt, under way, wait."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from worker.domain.contract.batches import Count
from worker.domain.statuses import RequestStatus

_S = RequestStatus
UNDER_WAY = frozenset({_S.INITIATED, _S.CONNECTED})
WORDS: dict[str, str] = {
    "done": "done",
    "failed": "failed",
    "skipped": "skipped",
    "doubt": "in doubt",
    "under": "under way",
    "waits": "wait",
}
"""By the kind of a part: the word that stands beside its colour, in the order of a bar."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a bar: `start` and `width` in percent of all."""

    kind: str
    n: int
    start: float
    width: float

    @property
    def word(self) -> str:
        """Return what stands beside the colour."""
        return WORDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """People of a batch by where they stand; each is counted once."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    doubt: int = 0
    under: int = 0
    waits: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(getattr(self, kind) for kind in WORDS)

    @property
    def reached_share(self) -> float | None:
        """Of those with an outcome, how many were reached; None where nobody has one yet."""
        ended = self.done + self.failed
        return self.done / ended if ended else None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The bar, without what nobody stands at."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Part]:
        start, total = 0.0, self.total
        for kind in WORDS:
            if n := getattr(self, kind):
                width = 100 * n / total
                yield Part(kind, n, round(start, 3), round(width, 3))
                start += width


def progress_of(counts: Iterable[Count], in_doubt: int = 0) -> Progress:
    """Sum up the counts of a batch; `in_doubt` of those under way are that."""
    n: dict[RequestStatus, int] = dict.fromkeys(RequestStatus, 0)
    for count in counts:
        n[count.request_status] += count.n
    under = sum(n[one] for one in UNDER_WAY)
    return Progress(
        done=n[_S.COMPLETED],
        failed=n[_S.FAILED],
        skipped=n[_S.SKIPPED] + n[_S.DUPLICATE] + n[_S.INVALID] + n[_S.CANCELED],
        doubt=min(in_doubt, under),
        under=max(0, under - in_doubt),
        waits=n[_S.PENDING],
    )
