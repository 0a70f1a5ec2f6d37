"""The state of everything at one moment, the worst first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.desk.batches import details_of
from worker.desk.minutes import Minutes
from worker.desk.plan import Outlook, glance_at
from worker.desk.processes import ProcessKind, by_kind
from worker.desk.troubles import Signs, Trouble, worst_of
from worker.domain.contract.batch_queries import BatchQuery
from worker.domain.contract.batches import BatchDetails, BatchFacts
from worker.domain.contract.progress import Progress, progress_of
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.load import Recent
from worker.domain.statuses import Channel, RequestStatus
from worker.store import batch_lists, duties, glance, halts, loads, processes
from worker.store.batches import now
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.duties import DutyRow
from worker.store.glance import MOST_DUE, Due, Latency, StatusCount
from worker.store.halts import HaltRow

SHOWN = 12
"""Batches under way that are shown; the list has all of them."""
STEADY = 60.0
"""Seconds that a pace is measured over at the least."""


@dataclass(frozen=True, slots=True)
class ChannelNow:
    """One channel. `minutes`: attempts begun in each of the last 60; `reached`: share of known outcomes.

    `latency`: from an attempt's beginning to the provider's answer, of late; None: not known.
    """

    channel: Channel
    minutes: tuple[int, ...]
    reached: float | None
    due: Due
    in_doubt: int
    latency: Latency | None
    halted: HaltRow | None

    @property
    def more_due(self) -> bool:
        """Return whether more is due than was counted."""
        return self.due.n > MOST_DUE


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A batch that is not finished. `per_hour`: measured over the last ten minutes; None: nothing began."""

    details: BatchDetails
    campaign_name: str
    progress: Progress
    per_hour: float | None
    outlook: Outlook

    @property
    def waits_for_somebody(self) -> bool:
        """Return whether it goes on only once somebody lets it."""
        why = self.outlook.not_moving or ""
        return self.details.facts.paused or "halted" in why.partition(":")[0]

    @property
    def stands_still(self) -> str | None:
        """Say why nothing of it moves; one that goes at its pace moves."""
        why = self.outlook.not_moving
        return None if why and why.startswith("paced at") and self.per_hour else why


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at a glance, at one moment."""

    at: datetime
    trouble: Trouble | None
    channels: tuple[ChannelNow, ...]
    batches: tuple[UnderWay, ...]
    more_batches: bool
    processes: tuple[ProcessKind, ...]
    duties: Sequence[DutyRow]
    in_doubt: int
    halts: Sequence[HaltRow]


def look_around(
    engine: Engine, minutes: Minutes, *, ceilings: Ceilings, zone: str = "UTC"
) -> Overview:
    """Read how everything stands; times in sentences are told in this zone."""
    by_minute = minutes.read(engine)
    return in_transaction(engine, _overview, by_minute, ceilings, zone)


def _overview(
    connection: Connection,
    by_minute: Mapping[Channel, tuple[int, ...]],
    ceilings: Ceilings,
    zone: str,
) -> Overview:
    counted, halted = glance.count_statuses(connection), halts.in_force(connection)
    doubts, turns = glance.count_doubts(connection), duties.newest(connection)
    running, latencies = by_kind(processes.read(connection)), glance.read_latencies(connection)
    signs = Signs(halted, counted, turns, running, sum(doubts.values()))
    found = batch_lists.list_batches(connection, BatchQuery(finished=False, limit=SHOWN + 1), None)
    return Overview(
        at=now(connection),
        trouble=worst_of(connection, signs),
        channels=tuple(
            ChannelNow(
                channel=one,
                minutes=by_minute[one],
                reached=_reach(counted, one),
                due=glance.read_due(connection, one),
                in_doubt=doubts.get(one, 0),
                latency=latencies.get(one),
                halted=_halt_over(halted, one),
            )
            for one in Channel
        ),
        batches=tuple(batches_under_way(connection, found[:SHOWN], ceilings, zone)),
        more_batches=len(found) > SHOWN,
        processes=running,
        duties=turns,
        in_doubt=sum(doubts.values()),
        halts=halted,
    )


def batches_under_way(
    connection: Connection,
    found: Sequence[tuple[BatchFacts, str]],
    ceilings: Ceilings,
    zone: str,
) -> list[UnderWay]:
    """The batches with how far they are, how fast they go and why they stand still."""
    ids = [facts.id for facts, _ in found]
    doubts = glance.count_doubts_of(connection, ids)
    paces, at = loads.measure_pace(connection, ids), now(connection)
    details = details_of(connection, [facts for facts, _ in found])
    outlooks = glance_at(connection, [one.facts for one in details], ceilings=ceilings, zone=zone)
    return [
        UnderWay(
            details=one,
            campaign_name=name,
            progress=progress_of(one.counts, doubts.get(one.facts.id, 0)),
            per_hour=_per_hour(paces.get(one.facts.id), at),
            outlook=outlook,
        )
        for one, (_, name), outlook in zip(details, found, outlooks, strict=True)
    ]


def _per_hour(begun: Recent | None, at: datetime) -> float | None:
    """Even of a few: it is shown as what was measured, and nothing is foreseen by it."""
    if begun is None:
        return None
    return begun.n * 3600 / max((at - begun.first).total_seconds(), STEADY)


def _reach(counted: Sequence[StatusCount], channel: Channel) -> float | None:
    def total(status: RequestStatus) -> int:
        return sum(
            one.n for one in counted if one.channel is channel and one.request_status == status
        )

    return Progress(
        done=total(RequestStatus.COMPLETED), failed=total(RequestStatus.FAILED)
    ).reached_share


def _halt_over(halted: Sequence[HaltRow], channel: Channel) -> HaltRow | None:
    over = {("all", ""), ("channel", channel.value)}
    return next((one for one in halted if (one.scope, one.key) in over), None)
