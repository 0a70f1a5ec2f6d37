"""Campaigns: list, create, get, update, delete."""

from fastapi import APIRouter, Response

from worker.api.answers import json_of
from worker.api.bodies import StrictRoute
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.outbound.asking import AskedCampaigns, CampaignPath, Defaults, Speaking
from worker.api.outbound.said import OutboundCampaignInput, given
from worker.api.outbound.told import ListOfCampaigns, OutboundCampaign
from worker.api.use import Used
from worker.desk.outbound.campaigns import (
    create_public_campaign,
    delete_public_campaign,
    get_public_campaign,
    update_public_campaign,
)
from worker.desk.outbound.lists import list_public_campaigns

router = APIRouter(route_class=StrictRoute, prefix="/campaigns", tags=["campaigns"])


@router.get("", responses=answered_with(ListOfCampaigns, 422))
def list_campaigns(
    runtime: Used, caller: Reading, speaks: Speaking, asked: AskedCampaigns
) -> Response:
    """The campaigns, the newest first unless ordered otherwise."""
    return json_of(list_public_campaigns(runtime.engine, asked, speaks, caller))


@router.post("", responses=answered_with(OutboundCampaign, 409, 413, 415, 422))
def create_campaign(
    runtime: Used, caller: Operating, defaults: Defaults, campaign: OutboundCampaignInput
) -> Response:
    """Make a campaign. The same again is the same campaign; another under its name is a conflict."""
    return json_of(create_public_campaign(runtime.engine, given(campaign), defaults, caller))


@router.get("/{campaign_id}", responses=answered_with(OutboundCampaign, 404, 422))
def get_campaign(runtime: Used, caller: Reading, campaign_id: CampaignPath) -> Response:
    """One campaign."""
    return json_of(get_public_campaign(runtime.engine, campaign_id, caller))


@router.put("/{campaign_id}", responses=answered_with(OutboundCampaign, 404, 409, 413, 415, 422))
def update_campaign(
    runtime: Used,
    caller: Operating,
    defaults: Defaults,
    speaks: Speaking,
    campaign_id: CampaignPath,
    campaign: OutboundCampaignInput,
) -> Response:
    """Change a campaign. What is left out, or given as it was read, stays as it is."""
    said, mute = given(campaign), speaks.mute
    engine = runtime.engine
    return json_of(update_public_campaign(engine, campaign_id, said, defaults, caller, mute=mute))


@router.delete("/{campaign_id}", responses=answered_with(None, 404, 409, 422))
def delete_campaign(runtime: Used, caller: Operating, campaign_id: CampaignPath) -> Response:
    """Delete a campaign that no open batch needs. Deleting it again changes nothing."""
    delete_public_campaign(runtime.engine, campaign_id, caller)
    return json_of(None)
