"""Claim what is due and may be sent now, in chunks that fit what the queues can take."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID, uuid4

import structlog

from worker.dispatch.selection import Selected, select_requests
from worker.domain.schedule import pace
from worker.domain.schedule.eligibility import (
    Claimable,
    NotYet,
    daily_left,
    evaluate,
    is_capped,
    new_baseline,
    window_state,
)
from worker.domain.statuses import Channel
from worker.store import batch_pace, concurrency, due_batches, due_requests, queue
from worker.store.batch_pace import Next
from worker.store.connect import Connection, Engine, in_one_statement, in_transaction
from worker.store.due_batches import Candidate, LeaseShare
from worker.store.queue import Chunk
from worker.tracing import TRACES

__all__ = ["Chunk", "ScanLimits", "awake", "hand_back", "scan"]

log = structlog.get_logger()

# A request that was taken up this often without reaching begin is what keeps killing its workers.
POISON_CLAIMS = 8
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
    found = due_batches.due(connection, channel, now, limit=BATCHES, only=only)
    if closed := [one.pacing.batch for one in found if not one.is_open]:
        batch_pace.sleep(connection, closed)
    candidates = {one.pacing.batch: one for one in found if one.is_open}
    if not candidates:
        return []
    _note_baselines(connection, candidates, now)
    verdicts = _verdicts(candidates, now)
    turns = {batch: turn for batch, turn in verdicts.items() if isinstance(turn, Claimable)}
    shares = _shares(connection, candidates, turns, room, now)
    lease = uuid4()
    with TRACES.span("claim", _origins(candidates, turns), channel=channel, batches=len(turns)):
        chosen = select_requests(connection, candidates, turns, shares, now + limits.lease, now)
        untils = {one.request: one.until for one in chosen}
        poisoned = (
            due_requests.lease(connection, lease, untils, most=POISON_CLAIMS) if untils else set()
        )
    got = Counter(one.batch for one in chosen)
    ends = _ends(chosen)
    idle = [batch for batch in turns if got[batch] < shares[batch] or not shares[batch]]
    due = due_requests.next_due(connection, idle) if idle else {}
    batch_pace.write(
        connection,
        [
            _next(candidates[batch], verdict, got[batch], ends.get(batch), batch in idle, due, now)
            for batch, verdict in verdicts.items()
        ],
    )
    if poisoned:
        _close_poisoned(connection, lease, poisoned)
    sendable = [one for one in chosen if one.request not in poisoned]
    return _chunks(channel, lease, sendable, limits.size(channel), now)


def _origins(
    candidates: Mapping[int, Candidate], turns: Mapping[int, Claimable]
) -> Iterator[str | None]:
    return (candidates[batch].traceparent for batch in turns)


def _verdicts(candidates: Mapping[int, Candidate], now: datetime) -> dict[int, Claimable | NotYet]:
    standings = [one.pacing for one in candidates.values()]
    windows = {one.campaign: one.hours.window for one in standings}
    doors = {campaign: window_state(window, now) for campaign, window in windows.items()}
    return {one.batch: evaluate(one, now, doors[one.campaign]) for one in standings}


def _note_baselines(
    connection: Connection, candidates: Mapping[int, Candidate], now: datetime
) -> None:
    for batch, one in candidates.items():
        rate = new_baseline(one.pacing, now)
        if rate is not None:
            batch_pace.note_baseline(connection, batch, rate)


def _shares(
    connection: Connection,
    candidates: Mapping[int, Candidate],
    turns: Mapping[int, Claimable],
    room: int,
    now: datetime,
) -> dict[int, int]:
    """Share what there is room for among the batches: how many requests each may claim."""
    if not turns:
        return {}
    waiting = due_requests.waiting(connection, _useful(candidates, turns, room))
    wants: dict[int, dict[int, int]] = {}
    for batch, n in waiting.items():
        wants.setdefault(candidates[batch].pacing.campaign, {})[batch] = n
    for batches in wants.values():
        left = daily_left(candidates[next(iter(batches))].pacing, now)
        if left is not None:
            batches |= dict(
                zip(batches, pace.fair_shares(left, list(batches.values())), strict=True)
            )
    return pace.divide_room(room, wants)


def _useful(
    candidates: Mapping[int, Candidate], turns: Mapping[int, Claimable], room: int
) -> dict[int, int]:
    """Return how far each batch's waiting requests need counting: twice its share, or what it may claim."""
    batches = Counter(candidates[batch].pacing.campaign for batch in turns)
    useful: dict[int, int] = {}
    for batch, turn in turns.items():
        share = room // (len(batches) * batches[candidates[batch].pacing.campaign])
        most = min(room, max(1, 2 * share))
        useful[batch] = most if turn.most is None else min(most, turn.most)
    return useful


def _ends(chosen: list[Selected]) -> dict[int, datetime]:
    ends: dict[int, datetime] = {}
    for one in chosen:
        ends[one.batch] = max(one.until, ends.get(one.batch, one.until))
    return ends


def _next(
    one: Candidate,
    verdict: Claimable | NotYet,
    got: int,
    ends: datetime | None,
    idle: bool,
    due: Mapping[int, datetime],
    now: datetime,
) -> Next:
    batch, grants, at = one.pacing.batch, one.grants, now
    allowance = pace.take(verdict.allowance, got)
    if ends is not None and is_capped(one.pacing):
        grants = (*grants, LeaseShare(ends, got))
    match verdict:
        case NotYet(at=later):
            # A cap that is used up by claims alone may be free again when these lapse.
            at = min((later, *(grant.until for grant in grants)))
        case Claimable() if idle:
            at = batch_pace.idle_until(now, now if got else one.claimed_at)
            at = min(at, due.get(batch, at))
        case Claimable(per_hour=float(per_hour)):
            at = pace.next_claim_at(allowance, per_hour)
        case Claimable():
            pass
    return Next(batch, at, allowance, bool(got), grants)


def _close_poisoned(connection: Connection, lease: UUID, poisoned: set[int]) -> None:
    why = f"taken up {POISON_CLAIMS} times and never begun"
    queue.fail_unsent(connection, lease, "poison", [(request, why) for request in poisoned])
    log.error("requests_poisoned", requests=sorted(poisoned))


def _chunks(
    channel: Channel, lease: UUID, sendable: list[Selected], size: int, now: datetime
) -> list[Chunk]:
    chunks = []
    for batch, members in groupby(sorted(sendable), key=lambda one: one.batch):
        requests = [one.request for one in members]
        chunks += [
            Chunk(channel, batch, lease, tuple(requests[start : start + size]), now.timestamp())
            for start in range(0, len(requests), size)
        ]
    return chunks


def hand_back(engine: Engine, chunk: Chunk) -> None:
    """Give up a claim that could not be published; the next scan may take it at once."""

    def step(connection: Connection) -> None:
        queue.release(connection, chunk)
        batch_pace.give_back(connection, chunk.batch, len(chunk.requests))

    in_transaction(engine, step)
