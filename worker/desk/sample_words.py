"""A campaign's words for somebody made up: what the author sees before there is a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.domain.content.campaign_words import Template
from worker.domain.content.render import ContentError, preview_words
from worker.domain.content.text_costs import cost_of_words
from worker.domain.contract.campaigns import Campaign

FIELDS = ("twiml", "url", "body", "subject", "html", "text", "template_id")


@dataclass(frozen=True, slots=True)
class Sample:
    """The words by field; or why there are none."""

    fields: dict[str, str] = field(repr=False)
    fault: str | None = None
    cost: str | None = None
    """Of a text: its segments, and the characters that make them more than need be."""


def sample_words(campaign: Campaign, variables: Mapping[str, str]) -> Sample:
    """The campaign's words with these variables over its own. Nothing is stored."""
    fields = campaign.fields.model_dump()
    template = Template(channel=fields["mode"], **{name: fields.get(name) for name in FIELDS})
    try:
        said = preview_words(template, {**fields["campaign_variables"], **variables})
    except ContentError as fault:
        return Sample({}, str(fault))
    cost = cost_of_words(template, said)
    return Sample(said, cost=cost.describe() if cost else None)
