"""The schedule of a batch that does not exist yet, from its file and its campaign."""

from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO

from worker.desk.campaigns import found
from worker.desk.plan import NO_CEILINGS, Outlook
from worker.domain.batches import BatchFields, batch_fields
from worker.domain.campaigns import Campaign, CampaignFields
from worker.domain.channels import Ceilings
from worker.domain.csv_rows import Row, rows
from worker.domain.explain import ending
from worker.domain.hours import open_hours
from worker.domain.identities import identity_of
from worker.domain.pace import Rates
from worker.domain.plan import plan
from worker.domain.policies import NumberPolicy
from worker.domain.statuses import Mode
from worker.domain.targets import normalize
from worker.domain.turns import Later, Standing, judge
from worker.store import batches
from worker.store.connect import Connection, Engine, in_transaction


def forecast(
    engine: Engine,
    campaign: str,
    file: BinaryIO,
    chosen: Mapping[str, object],
    *,
    ceilings: Ceilings = NO_CEILINGS,
) -> Outlook:
    """What `outlook` says, as if this file were uploaded to a new batch now.

    Nothing is stored. Counted are targets that can be reached, each once; whoever opted out, and what
    else of the campaign goes out today, is left out.

    Args:
        engine: the store, which is only read.
        campaign: its name or id.
        file: the CSV.
        chosen: fields of the batch: expires_on, call_rate, auto_call_rate.
        ceilings: what the channels allow.

    Raises:
        UnknownCampaign: there is none.
        WrongFields: a field of the batch is wrong.
        FileFault: the file can't be a batch at all.
    """

    def step(connection: Connection) -> tuple[Campaign, datetime]:
        return found(connection, campaign), batches.now(connection)

    stored, now = in_transaction(engine, step)
    fields = stored.fields
    wanted = batch_fields({"batch_id": "planned", "campaign_id": stored.id} | dict(chosen))
    requests = _to_send(file, fields)
    standing = _standing(stored.id, fields, wanted, requests)
    verdict = judge(standing, now)
    drawn = plan(standing, requests, now, ceiling=ceilings.per_hour(fields.mode))
    return Outlook(
        not_moving=verdict.why if isinstance(verdict, Later) else None,
        finishes=ending(drawn, requests, wanted.expires_on) if requests else None,
        finishes_at=drawn.finishes_at,
        plan=drawn,
    )


def _to_send(file: BinaryIO, fields: CampaignFields) -> int:
    """How many rows name somebody who can be reached, may be, and was not named before."""
    read = (row for row in rows(file) if isinstance(row, Row))
    named = (normalize(fields.mode, row.target, fields.default_region) for row in read)
    found = {
        identity_of(fields.mode, address): address for address in named if isinstance(address, str)
    }
    if fields.mode is Mode.EMAIL:
        return len(found)
    policy = NumberPolicy(
        fields.allowed_regions, fields.refused_line_types, fields.allow_costly_numbers
    )
    return sum(policy.refusal(address) is None for address in found.values())


def _standing(
    campaign: int, fields: CampaignFields, wanted: BatchFields, requests: int
) -> Standing:
    return Standing(
        batch=0,
        campaign=campaign,
        hours=open_hours(fields.mode, fields.model_dump()),
        rates=Rates(
            hourly_rate=fields.hourly_rate,
            call_rate=wanted.call_rate,
            auto_call_rate=wanted.auto_call_rate,
        ),
        expires_on=wanted.expires_on,
        remaining=requests,
        max_daily_calls=fields.max_daily_calls,
    )
