"""`outreach campaign`: who reaches out, when, how often and with what words."""

from typing import Annotated

import typer

from worker.cli.context import AsJson, By, CampaignRef, Wide, screen, session
from worker.cli.fields import FieldsFile, SetFields, read_fields, read_variables
from worker.cli.printing import add_row, console, facts_table, print_json, table, warn
from worker.desk.campaigns import create_campaign, list_campaigns, show_campaign, update_campaign
from worker.desk.trial_contact import send_test
from worker.domain.content.template_hints import hints
from worker.domain.contract.campaigns import template_of


def create(
    context: typer.Context, file: FieldsFile = None, *, fields: SetFields = None, by: By = None
) -> None:
    """Create a campaign; creating it again with equal fields changes nothing."""
    current = session(context)
    values = read_fields(file, fields)
    made = create_campaign(current.runtime.engine, values, by=current.operator(by))
    console().print(f"campaign {made.id}: {made.fields.campaign_name}")
    warn(hints(template_of(made.fields)))


def update(
    context: typer.Context,
    campaign: CampaignRef,
    file: FieldsFile = None,
    *,
    fields: SetFields = None,
    by: By = None,
) -> None:
    """Change fields of a campaign, given by name or id; the others stay."""
    current = session(context)
    changes = read_fields(file, fields)
    made = update_campaign(current.runtime.engine, campaign, changes, by=current.operator(by))
    console().print(f"campaign {made.id}: {made.fields.campaign_name}, updated")
    warn(hints(template_of(made.fields)))


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


def rehearse(
    context: typer.Context,
    campaign: CampaignRef,
    *,
    to: Annotated[str, typer.Option(metavar="TARGET", help="Your own number or mailbox.")],
    variables: Annotated[
        list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="A request variable.")
    ] = None,
    by: By = None,
) -> None:
    """Send one contact to yourself, under the campaign's usual rules."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    said = read_variables(variables)
    batch_id = send_test(engine, campaign, to=to, variables=said, by=operator)
    console().print(f"batch {batch_id}: outreach request show {batch_id} test")
