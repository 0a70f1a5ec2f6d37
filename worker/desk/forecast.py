"""The schedule of a batch that does not exist yet, from its file and its campaign."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from worker.desk.campaigns import get_campaign
from worker.desk.plan import MOST_BEGINNINGS, Outlook, find_never
from worker.desk.situations import NO_CEILINGS
from worker.domain.content.text_costs import TextCosts, costs_of
from worker.domain.contract.batches import BatchFields, batch_fields
from worker.domain.contract.campaigns import Campaign, CampaignFields, template_of
from worker.domain.contract.csv_rows import Row, rows
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.number_policy import NumberPolicy
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.eligibility import NotYet, PacingState, begins_at, evaluate
from worker.domain.schedule.explain import ending
from worker.domain.schedule.hours import open_hours
from worker.domain.schedule.load import Load, wait_for_hours
from worker.domain.schedule.pace import Rates
from worker.domain.schedule.plan import plan
from worker.domain.schedule.reachability import Alike, Never, Reach
from worker.domain.schedule.windows import LONGEST_NUMBER_PREFIX
from worker.domain.statuses import Channel
from worker.store import batches
from worker.store.connect import Connection, Engine, in_transaction


def forecast(
    engine: Engine,
    campaign: str,
    file: BinaryIO,
    chosen: Mapping[str, object],
    *,
    ceilings: Ceilings = NO_CEILINGS,
    zone: str | None = None,
) -> Outlook:
    """Return what `outlook` says, as if this file were uploaded to a new batch now.

    Nothing is stored. Counted are targets that can be reached, each once; whoever opted out, and what
    else of the campaign goes out today, is left out.

    Args:
        engine: the store, which is only read.
        campaign: its name or id.
        file: the CSV.
        chosen: fields of the batch: starts_at, expires_on, call_rate, auto_call_rate.
        ceilings: what the channels allow.
        zone: as with `outlook`.

    Raises:
        UnknownCampaign: there is none.
        WrongFields: a field of the batch is wrong.
        FileFault: the file can't be a batch at all.
    """

    def step(connection: Connection) -> tuple[Campaign, datetime]:
        return get_campaign(connection, campaign), batches.now(connection)

    stored, now = in_transaction(engine, step)
    fields = stored.fields
    wanted = batch_fields({"batch_id": "planned", "campaign_id": stored.id} | dict(chosen))
    found_in = _read(file, fields, costs_of(template_of(fields)))
    requests = len(found_in.addresses)
    pacing = _standing(stored.id, fields, wanted, requests)
    reached = Reach(pacing.hours, begins_at(pacing, now), wanted.expires_on)
    eligibility = evaluate(pacing, now, told_in=zone)
    never, uncounted = find_never(reached, found_in.alike())
    load = Load(later=wait_for_hours(pacing.hours, found_in.alike(), requests, now))
    drawn = plan(pacing, requests, now, ceiling=ceilings.per_hour(fields.mode), load=load)
    told_in = zone or pacing.hours.window.zone
    return Outlook(
        not_moving=eligibility.why if isinstance(eligibility, NotYet) else None,
        finishes=ending(drawn, requests, wanted.expires_on, told_in) if requests else None,
        finishes_at=drawn.finishes_at,
        plan=drawn,
        never=(*found_in.never(), *never),
        uncounted=uncounted,
        costs=found_in.costs,
    )


@dataclass(slots=True)
class _Found:
    """The people that a file names: addresses by identity, and how many others for which reason."""

    costs: TextCosts | None
    addresses: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def never(self) -> Iterator[Never]:
        """Return who is refused, by reason."""
        return (Never(n, why) for why, n in self.refused.most_common())

    def alike(self) -> list[Alike]:
        """The addresses by how they begin, the most frequent beginnings first."""
        counted = Counter(
            (one[:LONGEST_NUMBER_PREFIX], len(one)) for one in self.addresses.values()
        )
        return [Alike(*begins, n) for begins, n in counted.most_common(MOST_BEGINNINGS + 1)]


def _read(file: BinaryIO, fields: CampaignFields, costs: TextCosts | None) -> _Found:
    """Read those who can be reached, may be, and were not named before."""
    found, said = _Found(costs), template_of(fields)
    policy = NumberPolicy(
        fields.allowed_regions, fields.refused_line_types, fields.allow_costly_numbers
    )
    for row in rows(file):
        if isinstance(row, Row) and _judge(row.target, fields, policy, found) and costs:
            costs.count(said, {**fields.campaign_variables, **row.request_variables})
    return found


def _judge(target: str, fields: CampaignFields, policy: NumberPolicy, found: _Found) -> bool:
    """Note one target. Returns whether it is somebody new who may be contacted."""
    before = len(found.addresses)
    match normalize(fields.mode, target, fields.default_region):
        case Unreachable(reason):
            found.refused[f"target {reason}"] += 1
        case address:
            refusal = None if fields.mode is Channel.EMAIL else policy.refusal(address)
            if refusal is None:
                found.addresses[identity_of(fields.mode, address)] = address
            else:
                found.refused[refusal] += 1
    return len(found.addresses) > before


def _standing(
    campaign: int, fields: CampaignFields, wanted: BatchFields, requests: int
) -> PacingState:
    return PacingState(
        batch=0,
        campaign=campaign,
        hours=open_hours(fields.mode, fields.model_dump()),
        rates=Rates(
            hourly_rate=fields.hourly_rate,
            call_rate=wanted.call_rate,
            auto_call_rate=wanted.auto_call_rate,
        ),
        starts_at=wanted.starts_at,
        expires_on=wanted.expires_on,
        remaining=requests,
        max_daily_calls=fields.max_daily_calls,
    )
