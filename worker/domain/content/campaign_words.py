"""A campaign's words as they were written; reading them needs nothing of what renders them."""

from dataclasses import dataclass

from worker.domain.content.voicemail import OnMachine
from worker.domain.statuses import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The words of a campaign, with places for variables; which fields are set depends on the channel."""

    channel: Channel
    twiml: str | None = None
    url: str | None = None
    caller_id: str | None = None
    on_machine: OnMachine | None = None
    body: str | None = None
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    template_id: str | None = None
