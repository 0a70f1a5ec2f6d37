"""Campaigns: list, create, show, change, try out, forecast."""

from typing import Annotated

from fastapi import APIRouter, File, Response, UploadFile
from pydantic import Field

from worker.api.answers import json_of, version_in
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import (
    CampaignFieldsGiven,
    CampaignSeen,
    OperatingAll,
    Person,
    Versions,
)
from worker.api.outreach.told import AuditEntryTold, CampaignTold, PlanTold
from worker.api.outreach.told_requests import ContactTried
from worker.api.use import Used
from worker.desk.campaigns import (
    campaign_diff,
    create_campaign,
    list_campaigns,
    show_campaign,
    update_campaign,
)
from worker.desk.forecast import forecast
from worker.desk.trial_contact import send_test
from worker.desk.waiting_uploads import LARGEST_FILE
from worker.domain.fields import Text, WireModel

router = APIRouter(prefix="/campaigns", tags=["campaigns"], route_class=OnceRoute)


class TrialContact(WireModel):
    """One contact to yourself."""

    target: Person
    request_variables: dict[Text, Text] = Field(default_factory=dict)


@router.get("", responses=answered_with(list[CampaignTold]))
def list_all(runtime: Used, caller: Reading) -> Response:
    """Every campaign that the key sees, the oldest first."""
    seen = list_campaigns(runtime.engine)
    return json_of([one.to_wire() for one in seen if caller.campaign in {None, one.id}])


@router.post("", responses=answered_with(CampaignTold, 404, 409, 413, 415, 422))
def create(runtime: Used, caller: OperatingAll, fields: CampaignFieldsGiven) -> Response:
    """Create a campaign; creating it again with equal fields changes nothing."""
    return json_of(create_campaign(runtime.engine, fields, by=caller.owner).to_wire())


@router.get("/{campaign}", responses=answered_with(CampaignTold, 404, 422))
def show(runtime: Used, _: Reading, campaign: CampaignSeen) -> Response:
    """A campaign, by name or id."""
    found = show_campaign(runtime.engine, campaign)
    return version_in(found.to_wire(), found.updated_at)


@router.patch("/{campaign}", responses=answered_with(CampaignTold, 404, 409, 412, 413, 415, 422))
def update(
    runtime: Used,
    caller: Operating,
    campaign: CampaignSeen,
    fields: CampaignFieldsGiven,
    seen: Versions,
) -> Response:
    """Change the named fields; null clears one, the others stay."""
    after = update_campaign(runtime.engine, campaign, fields, by=caller.owner, seen=seen)
    return version_in(after.to_wire(), after.updated_at)


@router.get("/{campaign}/diff", responses=answered_with(list[AuditEntryTold], 404, 422))
def diff(runtime: Used, _: Reading, campaign: CampaignSeen) -> Response:
    """Return who changed which field from what to what, the oldest change first."""
    return json_of([one.to_wire() for one in campaign_diff(runtime.engine, campaign)])


@router.post("/{campaign}/test", responses=answered_with(ContactTried, 404, 409, 413, 415, 422))
def rehearse(
    runtime: Used, caller: Operating, campaign: CampaignSeen, contact: TrialContact
) -> Response:
    """Send one contact to yourself, under the campaign's usual rules."""
    said = contact.request_variables
    to = contact.target
    batch_id = send_test(runtime.engine, campaign, to=to, variables=said, by=caller.owner)
    return json_of({"batch_id": batch_id, "reference_id": "test"})


@router.post(
    "/{campaign}/plan",
    responses=answered_with(PlanTold, 404, 413, 415, 422),
    max_body_size=LARGEST_FILE,
)
def plan(
    runtime: Used,
    _: Reading,
    campaign: CampaignSeen,
    file: Annotated[UploadFile, File(description="CSV: reference_id, target, then variables")],
) -> Response:
    """Forecast what a new batch of this file would do, hour by hour; nothing is stored."""
    seen = forecast(runtime.engine, campaign, file.file, {}, ceilings=runtime.ceilings)
    return json_of(seen.to_wire() | {"hours": seen.hours_to_wire()})
