"""A provider that answers from a script and remembers what it was asked."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import cast

from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.content.tickets import LookupRequest, Ticket
from worker.domain.evidence.answers import Accepted, Answer
from worker.domain.evidence.lookups import Lookup, Undecided
from worker.domain.statuses import Channel
from worker.providers import Moment, Providers, UnknownAccount

Interlude = Callable[[Ticket], None]


class FakeProvider:
    """Satisfies `worker.providers.Provider`.

    Args:
        channel: voice, sms or email.
        answers: what to answer, in order; an exception is raised; beyond the script it accepts.
        looks: what to say when asked, in order; beyond the script nothing is decided.
        meanwhile: called with each ticket before it is answered: what else happens at that moment.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        answers: Iterable[Answer | Exception] = (),
        looks: Iterable[Lookup | Exception] = (),
        meanwhile: Interlude | None = None,
    ) -> None:
        self.channel = channel
        self.tickets: list[Ticket] = []
        self.groups: list[list[str]] = []
        self.deadlines: list[Moment] = []
        self.inquiries: list[LookupRequest] = []
        self.canceled: list[str] = []
        self.hung_up: list[str] = []
        self._answers: Iterator[Answer | Exception] = iter(answers)
        self._looks: Iterator[Lookup | Exception] = iter(looks)
        self._meanwhile = meanwhile

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        """Answer from the script."""
        self.tickets.append(ticket)
        self.deadlines.append(deadline)
        if self._meanwhile:
            self._meanwhile(ticket)
        answer = next(self._answers, Accepted(f"sid-of-{ticket.attempt}"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def place_group(self, tickets: Sequence[Ticket], *, deadline: Moment) -> list[Answer]:
        """Answer once from the script, for all of them."""
        self.groups.append([ticket.address for ticket in tickets])
        answer = await self.place(tickets[0], deadline=deadline)
        self.tickets += tickets[1:]
        return [answer] * len(tickets)

    async def look_up(self, inquiry: LookupRequest) -> Lookup:
        """Say what the script says of this attempt."""
        self.inquiries.append(inquiry)
        look = next(self._looks, Undecided("unscripted"))
        if isinstance(look, Exception):
            raise look
        return look

    async def cancel(self, sid: str) -> bool:
        """Take a call back; it always works."""
        self.canceled.append(sid)
        return True

    async def hang_up(self, sid: str) -> bool:
        """End a call; it always works."""
        self.hung_up.append(sid)
        return True


class FakeProviders:
    """Satisfies what a `Line` needs of `worker.providers.Providers`."""

    def __init__(
        self, *providers: FakeProvider, beside: Mapping[str, "FakeProviders"] | None = None
    ) -> None:
        self._by_channel = {provider.channel: provider for provider in providers}
        self._beside = beside or {}
        self.groups = True

    def channels_of(self, account: str) -> Collection[Channel]:
        """What an account carries."""
        return self.of(account)._by_channel if account in self._beside else ()

    def of(self, account: str) -> "FakeProviders":
        """Those of another account."""
        if account not in self._beside:
            raise UnknownAccount(account)
        return self._beside[account]

    def __getitem__(self, channel: Channel) -> FakeProvider:
        return self._by_channel[channel]

    @property
    def email(self) -> FakeProvider:
        """Who carries mail."""
        return self._by_channel[Channel.EMAIL]

    async def close(self) -> None:
        """Nothing is open."""


def loop_to(
    *providers: FakeProvider, beside: Mapping[str, FakeProviders] | None = None
) -> ProviderLoop:
    """A line that ends at these providers, and at those of accounts beside; close it after use."""
    return ProviderLoop(lambda: cast(Providers, FakeProviders(*providers, beside=beside)))
