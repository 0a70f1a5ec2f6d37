"""One batch as an operator watches it: how far, how fast, what holds it, hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.desk.batches import get_batch
from worker.desk.now import UnderWay, batches_under_way
from worker.desk.plan import gates_at, never_contacted
from worker.domain.audit import Deed
from worker.domain.contract.campaigns import Campaign
from worker.domain.errors import UnknownCampaign
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.gates import BatchGate
from worker.domain.schedule.hours import open_hours
from worker.domain.schedule.reachability import Never
from worker.domain.schedule.windows import Window, is_open
from worker.store import audit, batches, campaigns, doubts, request_pages
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.request_pages import HourCount, RequestPage, RequestRow

__all__ = ["BatchView", "HourShown", "RequestPage", "RequestRow", "list_requests", "view_batch"]

HOUR = timedelta(hours=1)
PAST, AHEAD = 12, 18
"""Hours that are shown before and after this one, at the most."""
LEAST = 3
"""Before it, and twice as many after it, at the least."""


@dataclass(frozen=True, slots=True)
class HourShown:
    """One hour: what began in it and what of that missed, what is planned, whether the window is closed."""

    at: datetime
    begun: int
    missed: int
    planned: int
    closed: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class BatchView:
    """Everything about a batch but its requests.

    `on_their_way`: could still reach a provider. `version`: of its campaign, from 1.
    """

    batch: UnderWay
    campaign: Campaign
    gates: tuple[BatchGate, ...]
    never: tuple[Never, ...]
    uncounted: str | None
    hours: tuple[HourShown, ...]
    on_their_way: int
    version: int


def view_batch(engine: Engine, batch_id: str, *, ceilings: Ceilings, zone: str) -> BatchView:
    """The batch at this moment; sentences tell times in this zone.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> BatchView:
        facts, now = get_batch(connection, batch_id), batches.now(connection)
        campaign = campaigns.find(connection, facts.campaign_id)
        if campaign is None:
            raise UnknownCampaign(str(facts.campaign_id))
        named = [(facts, campaign.fields.campaign_name)]
        (batch,) = batches_under_way(connection, named, ceilings, zone)
        window = open_hours(campaign.fields.mode, campaign.fields.model_dump()).window
        never, uncounted = never_contacted(connection, facts)
        return BatchView(
            batch=batch,
            campaign=campaign,
            gates=gates_at(connection, facts, ceilings=ceilings, zone=zone),
            never=never,
            uncounted=uncounted,
            hours=lay_out(
                request_pages.count_hours(connection, facts.id),
                batch.outlook.plan.hours,
                window,
                now,
            ),
            on_their_way=doubts.on_their_way(connection, batch_id),
            version=1 + audit.count(connection, f"campaign {campaign.id}", Deed.EDIT),
        )

    return in_transaction(engine, step)


def list_requests(
    engine: Engine,
    batch_id: str,
    *,
    status: str | None = None,
    outcome: str | None = None,
    after: str = "",
    limit: int = 50,
) -> RequestPage:
    """The requests of a batch in the order of reference_id, behind one.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> RequestPage:
        return request_pages.list_requests(
            connection,
            get_batch(connection, batch_id).id,
            status=status,
            outcome=outcome,
            after=after,
            limit=limit,
        )

    return in_transaction(engine, step)


def lay_out(
    begun: Sequence[HourCount],
    planned: Sequence[tuple[datetime, int]],
    window: Window,
    now: datetime,
) -> tuple[HourShown, ...]:
    """The hours from the first that something began in to the last that something is planned for."""
    this = _hour(now)
    past = {_hour(one.hour): one for one in begun}
    ahead: dict[datetime, int] = {}
    for at, n in planned:
        ahead[_hour(at)] = ahead.get(_hour(at), 0) + n
    first = max(min([*past, this - LEAST * HOUR]), this - PAST * HOUR)
    last = min(max([*ahead, this + 2 * LEAST * HOUR]), this + AHEAD * HOUR)
    count = int((last - first) / HOUR) + 1
    return tuple(
        HourShown(
            at=at,
            begun=past[at].n if at in past else 0,
            missed=past[at].missed if at in past else 0,
            planned=ahead.get(at, 0),
            closed=not is_open(window, at + HOUR / 2),
            is_now=at == this,
        )
        for at in (first + step * HOUR for step in range(count))
    )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
