"""Values that travel between the steps of a delivery: what to say, and the right to say it once."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from worker.domain.accounts import MAIN
from worker.domain.content.voicemail import OnMachine
from worker.domain.statuses import Channel


@dataclass(frozen=True, slots=True)
class Call:
    """A call to place: TwiML to speak, or the address that answers with it; exactly one is set."""

    twiml: str | None
    url: str | None
    caller_id: str | None = None
    on_machine: OnMachine | None = None
    """Where set, Twilio tells who answered."""


@dataclass(frozen=True, slots=True)
class Text:
    """An SMS to send."""

    body: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to send: bodies of our own, or a provider template with its data."""

    subject: str | None
    html: str | None
    text: str | None
    template_id: str | None = None
    template_data: dict[str, str] | None = None
    substitutions: dict[str, str] | None = None
    """Where set, the bodies have marked places that the provider fills with these."""

    @property
    def form(self) -> tuple[str | None, ...] | None:
        """Return what it shares with mails that may travel in one request; None: with nobody's."""
        shareable = self.template_id is not None or self.substitutions is not None
        return (self.subject, self.html, self.text, self.template_id) if shareable else None


Content = Call | Text | Mail


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to contact one recipient once. Only `begin` gives one out; the token is on the wire."""

    attempt: int
    request: int
    token: UUID
    address: str
    source: str
    content: Content
    group_limit: int | None = None
    """With how many others, itself included, it may share a provider call at most; None: any number."""
    valid_until: float | None = None
    """Until when it may arrive, on the transport's clock; None: no end in sight."""
    mark: str = ""
    """What the token says under the deployment's key (`domain/evidence/marks.py`); empty: nothing."""

    @property
    def query(self) -> str:
        """Return what follows the token's address, for it to come back with the token."""
        return f"?mark={self.mark}" if self.mark else ""


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """A question to a provider about an attempt in doubt: who was to be reached, from where, since when."""

    attempt: int
    token: UUID
    channel: Channel
    sid: str | None
    address: str
    source: str
    age: timedelta
    """How long ago the attempt began, by the database's clock."""
    on_machine: OnMachine | None = None
    """What its campaign wants of a machine, which the provider is then asked about too."""
    account: str = MAIN
    """The one that is asked: no other can know."""
    others_listed: bool = False
    """Whether the campaign lists other accounts, by which it would be sent where it is absent."""
