"""Permits of a chunk's sources: reserved before begin, returned where nothing came of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from worker.dispatch.provider_loop import Answered
from worker.domain.content.segments import count_segments
from worker.domain.content.tickets import Content, Text, Ticket
from worker.domain.evidence.answers import Throttled
from worker.domain.statuses import Channel
from worker.limits import Gate, WantedPermits
from worker.store.chunk_contents import ChunkContents


@dataclass(frozen=True, slots=True)
class Reserved:
    """The permits of what may begin now, by source, and what each request needs of them."""

    permits: Mapping[str, int]
    costs: Mapping[int, int] = field(default_factory=dict)
    """Segments of a text; whatever is left out needs one for the request to the provider."""


@dataclass(frozen=True, slots=True)
class Permits:
    """What one chunk asks of the gate."""

    gate: Gate
    channel: Channel
    assignment: ChunkContents

    def reserve(
        self, portion: Mapping[int, Content], share: int
    ) -> Iterator[tuple[dict[int, Content], Reserved]]:
        """As many as there are permits, and these by source.

        Args:
            portion: what is to be sent.
            share: how many people one request to the provider reaches.

        Raises:
            Closed: none came in time.
            Stopping: none will.
        """
        left, costs = self._by_source(portion), self._costs(portion)
        while left:
            permits = self._ask(left, costs, share)
            now: list[int] = []
            for source, n in permits.items():
                fitting = _fitting(left[source], costs, n, share)
                now += left[source][:fitting]
                left[source] = left[source][fitting:]
            left = {source: requests for source, requests in left.items() if requests}
            yield {request: portion[request] for request in now}, Reserved(permits, costs)

    def _by_source(self, portion: Mapping[int, Content]) -> dict[str, list[int]]:
        if self.assignment.pool is None:
            return {self.assignment.source: list(portion)}
        found: dict[str, list[int]] = {}
        for request in portion:
            found.setdefault(self.assignment.source_of(request), []).append(request)
        return found

    def _costs(self, portion: Mapping[int, Content]) -> dict[int, int]:
        """Segments of texts, where the gate counts them."""
        if not self.gate.counts_segments(self.channel):
            return {}
        return {
            request: count_segments(content.body).segments
            for request, content in portion.items()
            if isinstance(content, Text)
        }

    def _ask(
        self, left: Mapping[str, Sequence[int]], costs: Mapping[int, int], share: int
    ) -> dict[str, int]:
        account = self.assignment.account
        if not costs and len(left) == 1:
            [(source, requests)] = left.items()
            most = -(-len(requests) // share)
            return {source: self.gate.reserve(self.channel, source, most, account)}
        wanted = {source: _wanted(requests, costs, share) for source, requests in left.items()}
        return self.gate.reserve_any(self.channel, wanted, account)

    def return_unused(self, reserved: Reserved, groups: Sequence[Sequence[Ticket]]) -> None:
        """Return what was not used, or owe what was used beyond."""
        used: Counter[str] = Counter()
        for group in groups:
            used[group[0].source] += reserved.costs.get(group[0].request, 1)
        for source, permits in reserved.permits.items():
            self.gate.return_unused(
                self.channel,
                source,
                reserved=permits,
                used=used[source],
                account=self.assignment.account,
            )

    def slow_down(self, answered: Sequence[Answered]) -> None:
        """Ask more slowly where the provider refused for its rate."""
        named: dict[str, float] = {}
        for one in answered:
            if isinstance(one.answer, Throttled):
                source = one.ticket.source
                named[source] = max(named.get(source, 0.0), one.answer.after or 0.0)
        for source, after in named.items():
            self.gate.slow(self.channel, source, after or None, self.assignment.account)


def _wanted(requests: Sequence[int], costs: Mapping[int, int], share: int) -> WantedPermits:
    if not costs:
        return WantedPermits(-(-len(requests) // share))
    each = [costs[request] for request in requests]
    return WantedPermits(sum(each), first=each[0], largest=max(each))


def _fitting(requests: Sequence[int], costs: Mapping[int, int], permits: int, share: int) -> int:
    """How many of the first requests so many permits are enough for."""
    if not costs:
        return min(len(requests), permits * share)
    for n, request in enumerate(requests):
        permits -= costs[request]
        if permits < 0:
            return n
    return len(requests)
