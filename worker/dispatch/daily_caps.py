"""Carriers' daily caps: what goes beyond one waits for the carrier's next day.

Counted in the database, for a count that is forgotten would be exceeded. Counted before an attempt begins,
and given back where none does; what begins and is not sent stays counted.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from worker.domain.content.segments import count_segments
from worker.domain.content.tickets import Content, Text
from worker.domain.schedule.source_limits import DAYS_END, SourceLimit
from worker.store import batch_pace, daily_segments, queue
from worker.store.chunk_contents import ChunkContents
from worker.store.connect import Connection
from worker.store.queue import Chunk

LimitOf = Callable[[str], SourceLimit | None]


@dataclass(frozen=True, slots=True)
class CountedToday:
    """What may begin today, how many wait, and what was counted for it: segments by cap and day."""

    contents: Mapping[int, Content]
    waiting: int = 0
    by_request: Mapping[int, tuple[SourceLimit, object, int]] | None = None


def count_today(
    connection: Connection,
    chunk: Chunk,
    assignment: ChunkContents,
    contents: Mapping[int, Content],
    limit_of: LimitOf,
) -> CountedToday:
    """Count texts under their caps, in the order of their requests; those that don't fit wait.

    Caps are locked in the order of their names.
    """
    under = _under_caps(assignment, contents, limit_of)
    taken: dict[int, tuple[SourceLimit, object, int]] = {}
    waiting: dict[int, datetime] = {}
    for limit, requests in sorted(under.items(), key=lambda one: one[0].name):
        today = daily_segments.lock_today(connection, limit.name, DAYS_END)
        assert limit.per_day is not None
        room = left = max(0, limit.per_day - today.segments)
        for request, segments in requests:
            if segments <= left:
                taken[request], left = (limit, today.day, segments), left - segments
            else:
                waiting[request] = today.ends_at
        is_full = any(request in waiting for request, _ in requests)
        daily_segments.add(connection, limit.name, today.day, room - left, is_full=is_full)
    if waiting and (held := queue.postpone_until(connection, chunk.lease, waiting)):
        batch_pace.give_back(connection, chunk.batch, held)
    left_over = {one: content for one, content in contents.items() if one not in waiting}
    return CountedToday(left_over, len(waiting), taken)


def give_back(connection: Connection, counted: CountedToday, begun: Collection[int]) -> None:
    """Return what was counted for requests that began no attempt."""
    unused: Counter[tuple[SourceLimit, object]] = Counter()
    for request, (limit, day, segments) in (counted.by_request or {}).items():
        if request not in begun:
            unused[limit, day] += segments
    for (limit, day), segments in sorted(unused.items(), key=lambda one: one[0][0].name):
        daily_segments.add(connection, limit.name, day, -segments)


def _under_caps(
    assignment: ChunkContents, contents: Mapping[int, Content], limit_of: LimitOf
) -> dict[SourceLimit, list[tuple[int, int]]]:
    found: dict[SourceLimit, list[tuple[int, int]]] = {}
    for request, content in contents.items():
        limit = limit_of(assignment.source_of(request))
        if limit is not None and limit.per_day is not None and isinstance(content, Text):
            segments = count_segments(content.body).segments
            found.setdefault(limit, []).append((request, segments))
    return found
