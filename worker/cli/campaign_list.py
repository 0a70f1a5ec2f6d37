"""`outreach campaign list` and `show`: who only reads campaigns waits for nothing that parses them."""

import typer

from worker.cli.context import AsJson, CampaignRef, Wide, screen, session
from worker.cli.printing import add_row, facts_table, print_json, table
from worker.desk.campaigns import list_campaigns, show_campaign


def list_(context: typer.Context, *, wide: Wide = False, as_json: AsJson = False) -> None:
    """List every campaign."""
    found = list_campaigns(session(context).runtime.engine)
    if as_json:
        print_json([campaign.to_wire() for campaign in found])
        return
    listing = table(None, "id", "campaign_name", "mode", "updated_at", "source", "last_updated_by")
    for one in found:
        fields = one.fields
        about = (one.updated_at, fields.source, one.last_updated_by)
        add_row(listing, [one.id, fields.campaign_name, fields.mode, *about])
    screen(context, wide=wide).print(listing)


def show(context: typer.Context, campaign: CampaignRef, *, as_json: AsJson = False) -> None:
    """Show a campaign, given by name or id."""
    found = show_campaign(session(context).runtime.engine, campaign)
    if as_json:
        print_json(found.to_wire())
        return
    times = {"created_at": found.created_at, "updated_at": found.updated_at}
    facts = found.to_wire() | times
    screen(context).print(facts_table(f"Campaign {found.id}", facts.items()))
