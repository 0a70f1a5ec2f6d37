"""Permits of a chunk's sources: reserved before begin, returned where nothing came of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.dispatch.provider_loop import Answered
from worker.domain.content.tickets import Content, Ticket
from worker.domain.evidence.answers import Throttled
from worker.domain.statuses import Channel
from worker.limits import Gate
from worker.store.chunk_contents import ChunkContents


@dataclass(frozen=True, slots=True)
class Permits:
    """What one chunk asks of the gate."""

    gate: Gate
    channel: Channel
    assignment: ChunkContents

    def reserve(
        self, portion: Mapping[int, Content], share: int
    ) -> Iterator[tuple[dict[int, Content], dict[str, int]]]:
        """As many as there are permits, and these by source.

        Args:
            portion: what is to be sent.
            share: how many people one request to the provider reaches.

        Raises:
            Closed: none came in time.
            Stopping: none will.
        """
        left = self._by_source(portion)
        while left:
            wanted = {source: -(-len(requests) // share) for source, requests in left.items()}
            permits = self._ask(wanted)
            now = {
                request: portion[request]
                for source, n in permits.items()
                for request in left[source][: n * share]
            }
            left = {
                source: behind
                for source, requests in left.items()
                if (behind := requests[permits.get(source, 0) * share :])
            }
            yield now, permits

    def _by_source(self, portion: Mapping[int, Content]) -> dict[str, list[int]]:
        if self.assignment.pool is None:
            return {self.assignment.source: list(portion)}
        found: dict[str, list[int]] = {}
        for request in portion:
            found.setdefault(self.assignment.source_of(request), []).append(request)
        return found

    def _ask(self, wanted: Mapping[str, int]) -> dict[str, int]:
        account = self.assignment.account
        if len(wanted) > 1:
            return self.gate.reserve_any(self.channel, wanted, account)
        [(source, most)] = wanted.items()
        return {source: self.gate.reserve(self.channel, source, most, account)}

    def return_unused(
        self, reserved: Mapping[str, int], groups: Sequence[Sequence[Ticket]]
    ) -> None:
        """Return what was not used, or owe what was used beyond."""
        used = Counter(group[0].source for group in groups)
        for source, permits in reserved.items():
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
