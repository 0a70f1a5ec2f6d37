"""The situation of batches: all that tells why one stands still and when it ends, read for many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.domain.contract.batches import BatchFacts, Count
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.eligibility import Claimable, NotYet, evaluate
from worker.domain.schedule.explain import Situation
from worker.domain.schedule.load import NOTHING_KNOWN, Recent
from worker.domain.schedule.plan import plan
from worker.domain.statuses import Channel, RequestStatus
from worker.store import batches, concurrency, due_batches, due_requests, duties, halts, loads
from worker.store.connect import Connection
from worker.store.due_batches import Candidate
from worker.store.halts import HaltRow

NO_CEILINGS = Ceilings()


@dataclass(frozen=True, slots=True)
class _Read:
    """The facts of many batches, read together; `paces`: None where what waits is only supposed."""

    at: datetime
    candidates: Mapping[int, Candidate]
    waiting: Mapping[int, int]
    due: Mapping[int, int]
    next_due: Mapping[int, datetime]
    halts: Sequence[HaltRow]
    calls_in_use: Mapping[Channel, int | None]
    scanning: bool
    paces: Mapping[int, Recent] | None


def read_situations(
    connection: Connection,
    found: Sequence[BatchFacts],
    now: datetime,
    *,
    requests: int | None = None,
    ceilings: Ceilings = NO_CEILINGS,
    zone: str | None = None,
) -> list[Situation]:
    """Read the situation of each batch, in their order.

    What can be asked for all of them together is: a page shows dozens.

    Args:
        connection: a transaction of the caller's.
        found: the batches.
        now: the database's clock.
        requests: plan as if this many waited in each, instead of those that do.
        ceilings: what the channels allow.
        zone: in which times are told; None: each campaign's.
    """
    read = _read(connection, [facts.id for facts in found], now, requests, ceilings)
    return [_situation(connection, facts, read, ceilings, zone) for facts in found]


def _read(
    connection: Connection,
    ids: list[int],
    now: datetime,
    requests: int | None,
    ceilings: Ceilings,
) -> _Read:
    candidates, supposed = due_batches.of(connection, ids, now), requests is not None
    channels = {one.channel for one in candidates.values()}
    most = ceilings.concurrent_calls
    return _Read(
        at=now,
        candidates=candidates,
        waiting=count_waiting(connection, ids)
        if requests is None
        else dict.fromkeys(ids, requests),
        due=due_requests.waiting(connection, dict.fromkeys(ids, 1)),
        next_due=due_requests.next_due(connection, ids),
        halts=halts.in_force(connection),
        calls_in_use={channel: calls_in_use(connection, channel, most) for channel in channels},
        scanning=supposed or duties.is_scanning(connection),
        paces=None if supposed else loads.measure_pace(connection, ids),
    )


def _situation(
    connection: Connection, facts: BatchFacts, read: _Read, ceilings: Ceilings, zone: str | None
) -> Situation:
    candidate, now = read.candidates[facts.id], read.at
    pacing = replace(candidate.pacing, remaining=read.waiting.get(facts.id, 0))
    told_in = zone or pacing.hours.window.zone
    eligibility, load = evaluate(pacing, now, told_in=told_in), NOTHING_KNOWN
    if read.paces is not None:
        moving = isinstance(eligibility, Claimable)
        load = loads.read(connection, pacing, now, read.paces.get(facts.id), moving=moving)
    ceiling = ceilings.per_hour(candidate.channel)
    return Situation(
        facts=facts,
        channel=candidate.channel,
        halt=find_halt(connection, read.halts, facts, candidate.channel),
        eligibility=eligibility,
        waiting=pacing.remaining,
        due=read.due[facts.id],
        next_due=read.next_due.get(facts.id),
        plan=plan(pacing, pacing.remaining, now, ceiling=ceiling, load=load),
        zone=told_in,
        calls_in_use=read.calls_in_use[candidate.channel],
        scanning=read.scanning,
    )


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a batch: what holds each of its requests, without what tells of its pace."""

    channel: Channel
    eligibility: Claimable | NotYet
    zone: str
    calls_in_use: int | None
    scanning: bool


def read_gates(
    connection: Connection, facts: BatchFacts, ceilings: Ceilings, zone: str | None
) -> tuple[datetime, Gates]:
    """Read what holds a batch's requests, and the database's clock. `zone`: as of `read_situations`."""
    now, counted = batches.counts_now(connection, [facts.id])
    candidate = due_batches.of(connection, [facts.id], now)[facts.id]
    pacing = replace(candidate.pacing, remaining=_pending(counted.get(facts.id, ())))
    told_in = zone or pacing.hours.window.zone
    return now, Gates(
        channel=candidate.channel,
        eligibility=evaluate(pacing, now, told_in=told_in),
        zone=told_in,
        calls_in_use=calls_in_use(connection, candidate.channel, ceilings.concurrent_calls),
        scanning=duties.is_scanning(connection),
    )


def _pending(counted: Sequence[Count]) -> int:
    return sum(one.n for one in counted if one.request_status is RequestStatus.PENDING)


def count_waiting(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """Count each batch's requests that are PENDING."""
    return {batch: _pending(counted) for batch, counted in batches.counts(connection, ids).items()}


def calls_in_use(connection: Connection, channel: Channel, limit: int) -> int | None:
    """Return how many calls may be under way at once, where all of them are; else None."""
    return limit if concurrency.free(connection, channel, limit) == 0 else None


def find_halt(
    connection: Connection, in_force: Sequence[HaltRow], facts: BatchFacts, channel: str
) -> str | None:
    """Return why the batch is halted; None: it is not."""
    over = halts.over(connection, channel, facts.campaign_id) if in_force else ()
    return next((one.reason for one in over), None)
