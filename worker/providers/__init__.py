"""The providers' clients and callbacks: the only room that knows an SDK.

Each channel is a file with both halves: placing, and reading what the provider says of it later.
Answers, looks and reports are the domain's values; no exception, log line or text of an SDK leaves.
Here stands what others rely on; `connected.py` imports the SDKs, once somebody wants to connect.
"""

from collections.abc import Sequence
from typing import Protocol

from worker.domain.consent.start_messages import Recalled
from worker.domain.content.tickets import LookupRequest, Ticket
from worker.domain.evidence.answers import Answer
from worker.domain.evidence.lookups import Lookup
from worker.domain.statuses import Channel
from worker.providers.deadline_clock import Moment, boot_clock

__all__ = ["Moment", "Provider", "Providers", "boot_clock"]


class Provider(Protocol):
    """The provider of a channel."""

    @property
    def channel(self) -> Channel:
        """The channel."""

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        """Contact the recipient, at most once, and not after the deadline."""

    async def look_up(self, inquiry: LookupRequest) -> Lookup:
        """Ask what became of an attempt."""

    async def probe(self) -> bool:
        """Ask whether the provider answers us at all, without contacting anybody."""


class CallsProvider(Provider, Protocol):
    """The provider of calls."""

    async def cancel(self, sid: str) -> bool:
        """Take back a call that was not dialed yet. Returns whether that worked."""

    async def hang_up(self, sid: str) -> bool:
        """End a call that was answered. Returns whether that is certain."""


class TextsProvider(Provider, Protocol):
    """The provider of texts."""

    async def recall(self, sid: str) -> Recalled:
        """Ask who wrote an incoming message, and when."""


class MailsProvider(Provider, Protocol):
    """The provider of mails."""

    async def place_group(self, group: Sequence[Ticket], *, deadline: Moment) -> list[Answer]:
        """Send to all of them by one request; one answer each, in their order."""


class Providers(Protocol):
    """Everybody who carries a channel."""

    @property
    def voice(self) -> CallsProvider:
        """Calls."""

    @property
    def sms(self) -> TextsProvider:
        """Texts."""

    @property
    def email(self) -> MailsProvider:
        """Mails."""

    def __getitem__(self, channel: Channel) -> Provider:
        """Return the provider of this channel."""

    async def close(self) -> None:
        """Close every connection."""
