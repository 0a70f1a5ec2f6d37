"""`outreach campaign`: write who reaches out, when, how often and with what words; and try it."""

from typing import Annotated

import typer

from worker.cli.context import By, CampaignRef, session
from worker.cli.fields import FieldsFile, SetFields, read_fields, read_variables
from worker.cli.printing import console, warn
from worker.desk.campaigns import create_campaign, update_campaign
from worker.desk.trial_contact import send_test
from worker.domain.content.senders import sender_hints
from worker.domain.content.template_hints import hints
from worker.domain.contract.campaigns import CampaignFields, template_of
from worker.domain.statuses import Channel


def create(
    context: typer.Context, file: FieldsFile = None, *, fields: SetFields = None, by: By = None
) -> None:
    """Create a campaign; creating it again with equal fields changes nothing."""
    current = session(context)
    values = read_fields(file, fields)
    made = create_campaign(current.runtime.engine, values, by=current.operator(by))
    console().print(f"campaign {made.id}: {made.fields.campaign_name}")
    _warn(made.fields)


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
    _warn(made.fields)


def _warn(fields: CampaignFields) -> None:
    """Warn of what is probably not meant, before anybody is contacted."""
    warn(hints(template_of(fields)))
    if fields.mode is Channel.SMS:
        warn(sender_hints(fields.source))


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
