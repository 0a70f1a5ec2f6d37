"""Claim what is due and may be sent now, in chunks that fit what the queues can take."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from worker.dispatch.candidacy import Candidacy
from worker.dispatch.selection import select_requests
from worker.domain.schedule import pace
from worker.domain.schedule.eligibility import daily_left, evaluate, new_baseline, window_state
from worker.domain.statuses import Channel
from worker.store import batch_pace, concurrency, due_batches, due_requests, queue
from worker.store.connect import Connection, Engine, in_one_statement, in_transaction
from worker.store.queue import Chunk
from worker.tracing import TRACES

__all__ = ["Chunk", "ScanLimits", "awake", "hand_back", "hand_back_for", "scan"]

log = structlog.get_logger()

# A request that was taken up this often without reaching begin is what keeps killing its workers.
MOST_DELIVERIES = 8
# How often a lease could be filled with what is permitted: the rest is for more workers and their threads.
SPARE = 4
# Batches one tick looks at; those that waited longest come first, so none waits for ever.
BATCHES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLimits:
    """Limits of a scan: seconds of work, not a backlog, so that a pause is felt at once."""

    lease: timedelta
    chunk_size: int
    backlog_chunks: int
    group_size: int = 1
    concurrent_calls: int = 0
    """How many calls may be under way at once; 0: any number."""
    per_second: Mapping[Channel, float] = field(default_factory=dict)
    """How many requests to the provider are permitted; none or 0: any number."""

    def size(self, channel: Channel) -> int:
        """Requests per message: mails may share a request to the provider, and so a message to us.

        No more than can be sent while their lease lasts, with all that waits in the queue before them.
        """
        mails = self.group_size if channel is Channel.EMAIL else 1
        permitted = self.per_second.get(channel, 0.0) * mails * self.lease.total_seconds()
        wanted = max(self.chunk_size, mails)
        return max(1, min(wanted, int(permitted / SPARE / self.backlog_chunks or wanted)))


def awake(engine: Engine) -> list[Channel]:
    """Channels that a scan may find work on."""
    return in_one_statement(engine, due_batches.awake)


def scan(
    engine: Engine, limits: ScanLimits, backlog: Mapping[Channel, int], only: str | None = None
) -> list[Chunk]:
    """Lease due requests of batches whose turn it is.

    1. See how many messages each delivery queue can still take.
    2. Read the batches whose time has come; judge by window, cap and rate what each may claim.
    3. Share the room fairly over campaigns, and over the batches of each.
    4. Claim; whose own clock says no waits until it says yes.
    5. Note when each batch looks again.
    6. Close what was taken up again and again and never begun.
    7. Cut the rest into chunks of one batch, to be published after this has committed.

    Args:
        engine: the store.
        limits: lease and sizes.
        backlog: messages waiting in each delivery queue.
        only: a batch_id, to scan no other batch.
    """
    chunks: list[Chunk] = []
    for channel, waiting in backlog.items():
        room = (limits.backlog_chunks - waiting) * limits.size(channel)
        if room > 0:
            chunks += in_transaction(
                engine, _claim, limits=limits, channel=channel, room=room, only=only
            )
    return chunks


def _claim(
    connection: Connection, *, limits: ScanLimits, channel: Channel, room: int, only: str | None
) -> list[Chunk]:
    now = batch_pace.take_turn(connection, channel)
    room = concurrency.room(connection, channel, limits.concurrent_calls, room)
    if not room:
        return []
    candidacies = _judge(connection, channel, now, only)
    if not candidacies:
        return []
    claimable = [one for one in candidacies if one.is_claimable]
    _share(connection, claimable, room, now)
    lease = uuid4()
    origins = (one.facts.traceparent for one in claimable)
    with TRACES.span("claim", origins, channel=channel, batches=len(claimable)):
        select_requests(connection, claimable, now + limits.lease, now)
        poisoned = _lease(connection, lease, claimable)
    _note_next_looks(connection, candidacies, now)
    if poisoned:
        _close_poisoned(connection, lease, poisoned)
    return [
        chunk
        for one in sorted(candidacies, key=lambda one: one.batch)
        for chunk in _chunks(channel, lease, one, poisoned, limits.size(channel), now)
    ]


def _judge(
    connection: Connection, channel: Channel, now: datetime, only: str | None
) -> list[Candidacy]:
    """Read the batches whose time has come, and judge by window, cap and rate what each may do."""
    found = due_batches.due(connection, channel, now, limit=BATCHES, only=only)
    if closed := [one.pacing.batch for one in found if not one.is_open]:
        batch_pace.sleep(connection, closed)
    candidates = [one for one in found if one.is_open]
    for one in candidates:
        if (rate := new_baseline(one.pacing, now)) is not None:
            batch_pace.note_baseline(connection, one.pacing.batch, rate)
    windows = {one.pacing.campaign: one.pacing.hours.window for one in candidates}
    states = {campaign: window_state(window, now) for campaign, window in windows.items()}
    return [
        Candidacy(one, evaluate(one.pacing, now, states[one.pacing.campaign])) for one in candidates
    ]


def _share(
    connection: Connection, claimable: Sequence[Candidacy], room: int, now: datetime
) -> None:
    """Share what there is room for among the batches: how many requests each may claim."""
    if not claimable:
        return
    waiting = due_requests.waiting(connection, _useful(claimable, room))
    campaigns: dict[int, list[Candidacy]] = {}
    for one in claimable:
        campaigns.setdefault(one.pacing.campaign, []).append(one)
    wants = {campaign: _wants(of_it, waiting, now) for campaign, of_it in campaigns.items()}
    shares = pace.divide_room(room, wants)
    for one in claimable:
        one.share = shares[one.batch]


def _wants(
    of_a_campaign: Sequence[Candidacy], waiting: Mapping[int, int], now: datetime
) -> dict[int, int]:
    """Count what each batch of a campaign could claim, within the campaign's daily cap."""
    wants = {one.batch: waiting[one.batch] for one in of_a_campaign}
    left = daily_left(of_a_campaign[0].pacing, now)
    if left is None:
        return wants
    return dict(zip(wants, pace.fair_shares(left, list(wants.values())), strict=True))


def _useful(claimable: Sequence[Candidacy], room: int) -> dict[int, int]:
    """Return how far each batch's waiting requests need counting: twice its share, or what it may claim."""
    batches = Counter(one.pacing.campaign for one in claimable)
    useful: dict[int, int] = {}
    for one in claimable:
        share = room // (len(batches) * batches[one.pacing.campaign])
        most = min(room, max(1, 2 * share))
        useful[one.batch] = most if one.most is None else min(most, one.most)
    return useful


def _lease(connection: Connection, lease: UUID, candidacies: Sequence[Candidacy]) -> set[int]:
    """Claim what was chosen. Returns the requests that keep killing their workers."""
    until = {request: at for one in candidacies for request, at in one.chosen.items()}
    return due_requests.lease(connection, lease, until, most=MOST_DELIVERIES) if until else set()


def _note_next_looks(
    connection: Connection, candidacies: Sequence[Candidacy], now: datetime
) -> None:
    if idle := {one.batch: one for one in candidacies if one.is_idle}:
        for batch, at in due_requests.next_due(connection, list(idle)).items():
            idle[batch].next_due = at
    batch_pace.write(connection, [one.next_look(now) for one in candidacies])


def _close_poisoned(connection: Connection, lease: UUID, poisoned: set[int]) -> None:
    why = f"taken up {MOST_DELIVERIES} times and never begun"
    queue.fail_unsent(connection, lease, "poison", [(request, why) for request in poisoned])
    log.error("requests_poisoned", requests=sorted(poisoned))


def _chunks(
    channel: Channel, lease: UUID, one: Candidacy, poisoned: set[int], size: int, now: datetime
) -> list[Chunk]:
    requests = [request for request in one.chosen if request not in poisoned]
    return [
        Chunk(channel, one.batch, lease, tuple(requests[start : start + size]), now.timestamp())
        for start in range(0, len(requests), size)
    ]


def hand_back(engine: Engine, chunk: Chunk) -> None:
    """Give up a claim that could not be published; the next scan may take it at once."""

    def step(connection: Connection) -> None:
        queue.release(connection, chunk)
        batch_pace.give_back(connection, chunk.batch, len(chunk.requests))

    in_transaction(engine, step)


def hand_back_for(engine: Engine, chunk: Chunk, pause: timedelta) -> None:
    """Give up a claim that this process can't read; nobody takes it again before the pause is over."""

    def step(connection: Connection) -> None:
        if handed_back := queue.postpone_chunk(connection, chunk, pause):
            batch_pace.give_back(connection, chunk.batch, handed_back)

    in_transaction(engine, step)
