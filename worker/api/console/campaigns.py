"""Campaigns: what they say, a preview for a sample row, and one contact to oneself."""

from typing import Any

from starlette.responses import Response

from worker.api.console.visits import Visit, go
from worker.desk.campaigns import campaign_diff, list_campaigns, show_campaign
from worker.desk.sample_words import sample_words
from worker.desk.trial_contact import send_test
from worker.domain.errors import WrongFields

WORDS = ("twiml", "url", "body", "subject", "html", "text", "template_id")
SHOWN = 50
"""Versions, the latest ones."""


def show_campaigns(visit: Visit) -> Response:
    """Every campaign."""
    found = [(one, one.fields.mode.value) for one in list_campaigns(visit.runtime.engine)]
    return visit.page("campaigns.html", here="/campaigns", found=found)


def show_one(visit: Visit) -> Response:
    """One campaign with its words and its versions."""
    return visit.page("campaign.html", here="/campaigns", sample=None, **_look(visit))


def preview(visit: Visit) -> Response:
    """Its words with variables that were typed; they are kept nowhere."""
    shown = _look(visit)
    sample = sample_words(shown["campaign"], _variables(visit.given("variables")))
    return visit.page("campaign.html", here="/campaigns", sample=sample, **shown)


def contact_oneself(visit: Visit) -> Response:
    """One contact under the campaign's usual rules, in a batch of its own."""
    to, engine = visit.given("to"), visit.runtime.console_engine
    if not to:
        raise WrongFields(["say to whom"])
    variables = _variables(visit.given("variables"))
    batch = send_test(
        engine, visit.named("campaign"), to=to, variables=variables, by=visit.who.owner
    )
    return go(f"/batches/{batch}")


def _look(visit: Visit) -> dict[str, Any]:
    engine, name = visit.runtime.engine, visit.named("campaign")
    campaign = show_campaign(engine, name)
    fields = campaign.fields.model_dump(mode="json")
    words = {name: fields[name] for name in WORDS if name in fields}
    told = {name: getattr(campaign.fields, name) for name in fields if name not in WORDS}
    changes = campaign_diff(engine, name)
    rules = {name: value for name, value in told.items() if name not in _OWN and value}
    return {
        "campaign": campaign,
        "words": words,
        "rules": rules,
        "version": len(changes) + 1,
        "versions": list(enumerate(changes, 2))[: -SHOWN - 1 : -1],
    }


_OWN = {"campaign_name", "campaign_variables", "webhooks"}


def _variables(text: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    if any(not found for _, found, _ in pairs):
        raise WrongFields(["variables: a line for each, like name=Ana"])
    return {name.strip(): value.strip() for name, _, value in pairs}
