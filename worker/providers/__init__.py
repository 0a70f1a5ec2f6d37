"""The providers' clients and callbacks: the only room that knows an SDK.

Each channel is a file with both halves: placing, and reading what the provider says of it later.
Answers, looks and reports are the domain's values; no exception, log line or text of an SDK leaves.
Here stands what others rely on; `connected.py` imports the SDKs, once somebody wants to connect.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from worker.domain.content.tickets import LookupRequest, Ticket
from worker.domain.evidence.answers import Answer
from worker.domain.evidence.lookups import Lookup, Undecided
from worker.domain.evidence.sent import Sent
from worker.domain.statuses import Channel
from worker.providers.deadline_clock import Moment, boot_clock

if TYPE_CHECKING:  # it brings the metadata of all phone numbers
    from worker.domain.consent.start_messages import Recalled

__all__ = ["AccountProviders", "Moment", "Provider", "Providers", "UnknownAccount", "boot_clock"]


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

    async def list_since(self, since: datetime) -> list[Sent] | Undecided:
        """List the calls that the account made since then, all of them."""


class TextsProvider(Provider, Protocol):
    """The provider of texts."""

    async def recall(self, sid: str) -> "Recalled":
        """Ask who wrote an incoming message, and when."""

    async def list_since(self, since: datetime) -> list[Sent] | Undecided:
        """List the texts that the account sent since then, all of them."""


class MailsProvider(Provider, Protocol):
    """The provider of mails."""

    async def place_group(self, group: Sequence[Ticket], *, deadline: Moment) -> list[Answer]:
        """Send to all of them by one request; one answer each, in their order."""


class UnknownAccount(Exception):
    """Nothing here knows this account, or it is of a provider of another channel."""


class AccountProviders(Protocol):
    """Everybody who carries a channel by one account."""

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
        """Return the provider of this channel.

        Raises:
            UnknownAccount: the account is of a provider of another channel.
        """

    @property
    def groups(self) -> bool:
        """Return whether mails may share a request."""


class Providers(AccountProviders, Protocol):
    """Everybody who carries a channel by the main account, and those of the accounts beside it."""

    def channels_of(self, account: str) -> Collection[Channel]:
        """What this account carries; nothing, where it is not known."""

    def of(self, account: str) -> AccountProviders:
        """Return those of an account beside the main one.

        Raises:
            UnknownAccount: there is none of this name.
        """

    async def recall(self, sid: str) -> "Recalled":
        """Ask every account who wrote an incoming message, and when: nobody here knows whose it is."""

    async def close(self) -> None:
        """Close every connection."""
