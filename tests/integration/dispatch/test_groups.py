"""Mails that share their words travel together; who is refused is found by halves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from sqlalchemy import Engine

from tests.factories import (
    MINUTE,
    counted_equals_recount,
    lease,
    make_batch,
    make_campaign,
    make_limits,
    make_recipient,
    make_request,
    read_request,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.deliver import deliver
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.accounts import MAIN
from worker.domain.content.tickets import Mail, Ticket
from worker.domain.evidence.answers import Accepted, Answer, GroupRefused, Refusal, Refused, Unknown
from worker.domain.statuses import Channel
from worker.limits import OpenGate
from worker.providers import Moment

LIMITS = make_limits(at_once=3, group_size=8)
SCAN = ScanLimits(lease=MINUTE, chunk_size=3, backlog_chunks=4, group_size=8)
BAD = "bad@example.com"


class Picky(FakeProvider):
    """Refuses every request that carries the bad address, without saying who it was."""

    def __init__(self) -> None:
        super().__init__(Channel.EMAIL)
        self.contacted: Counter[str] = Counter()

    async def place_group(self, tickets: Sequence[Ticket], *, deadline: Moment) -> list[Answer]:
        addresses = [ticket.address for ticket in tickets]
        self.groups.append(addresses)
        self.deadlines.append(deadline)
        if BAD in addresses:
            return [GroupRefused(len(tickets), "400")] * len(tickets)
        self.contacted.update(addresses)
        return [Accepted("mail")] * len(tickets)

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        self.deadlines.append(deadline)
        if ticket.address == BAD:
            return Refused(Refusal.INVALID_TARGET, "400")
        self.contacted[ticket.address] += 1
        return Accepted("mail")


def make_mails(engine: Engine, *mailboxes: str, text: str = "Hello {{ name }}") -> list[int]:
    campaign = make_campaign(engine, channel=Channel.EMAIL, text=text)
    batch = make_batch(engine, campaign=campaign)
    people = [make_recipient(engine, channel=Channel.EMAIL, address=one) for one in mailboxes]
    return [make_request(engine, batch=batch, recipient=one) for one in people]


def dispatch(engine: Engine, provider_loop: ProviderLoop) -> int:
    """One scan, and the delivery of what it claimed. Returns how many chunks it found."""
    chunks = scan(engine, SCAN, {Channel.EMAIL: 0})
    for chunk in chunks:
        deliver(engine, provider_loop, LIMITS, chunk)
    return len(chunks)


def test_mails_of_one_campaign_travel_together_each_on_an_attempt_of_its_own(
    engine: Engine, connect: Connect
) -> None:
    requests = make_mails(engine, *(f"p{number}@example.com" for number in range(10)))
    provider = FakeProvider(Channel.EMAIL)

    dispatch(engine, connect(provider))

    assert sorted(map(len, provider.groups)) == [2, 8]
    assert len({ticket.token for ticket in provider.tickets}) == 10
    for request in requests:
        row = read_request(engine, request)
        assert (row["request_status"], row["attempt_count"]) == ("INITIATED", 1)


@dataclass(frozen=True, slots=True)
class Sparing(OpenGate):
    """Permits one request at a time, whatever is wanted."""

    wanted: list[int] = field(default_factory=list)

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = MAIN) -> int:
        self.wanted.append(wanted)
        return 1


def test_a_permit_is_for_a_request_and_only_what_was_permitted_goes_out(
    engine: Engine, connect: Connect
) -> None:
    requests = make_mails(engine, *(f"p{number}@example.com" for number in range(5)))
    provider, gate = FakeProvider(Channel.EMAIL), Sparing()
    limits = make_limits(at_once=4, group_size=2)

    deliver(engine, connect(provider), limits, lease(engine, *requests), gate)

    assert gate.wanted == [3, 2, 1]
    assert len(provider.tickets) == 5


def test_mails_with_words_of_their_own_travel_alone_and_no_more_at_once_than_may(
    engine: Engine, connect: Connect
) -> None:
    make_mails(engine, "a@example.com", "b@example.com", text="Hello {{ name | upcase }}")
    provider = FakeProvider(Channel.EMAIL)

    dispatch(engine, connect(provider))

    assert provider.groups == []
    assert [cast(Mail, ticket.content).text for ticket in provider.tickets] == ["Hello ANA"] * 2


def test_who_is_refused_fails_alone_in_the_end_and_nobody_else_is_harmed(
    engine: Engine, connect: Connect
) -> None:
    people = [f"p{number}@example.com" for number in range(7)]
    bad, *good = make_mails(engine, BAD, *people)
    provider = Picky()
    provider_loop = connect(provider)

    rounds = 0
    while dispatch(engine, provider_loop):
        rounds += 1

    assert rounds == 4
    assert [len(group) for group in provider.groups if BAD in group] == [8, 4, 2]
    assert provider.contacted == Counter(people)
    row = read_request(engine, bad)
    assert (row["request_status"], row["attempt_count"]) == ("INVALID", 1)
    for request in good:
        assert read_request(engine, request)["attempt_count"] == 1
    assert counted_equals_recount(engine)


def test_a_doubt_is_everybodys_and_is_sent_to_nobody_again(
    engine: Engine, connect: Connect
) -> None:
    requests = make_mails(engine, "a@example.com", "b@example.com")
    provider = FakeProvider(Channel.EMAIL, answers=[Unknown("503")])
    provider_loop = connect(provider)

    dispatch(engine, provider_loop)

    assert dispatch(engine, provider_loop) == 0
    assert len(provider.groups) == 1
    assert {read_request(engine, one)["request_status"] for one in requests} == {"INITIATED"}


def test_the_record_of_a_group_is_kept_whole(engine: Engine, connect: Connect) -> None:
    requests = make_mails(engine, *(f"p{number}@example.com" for number in range(5)))
    provider_loop = connect(FakeProvider(Channel.EMAIL))
    [chunk] = scan(engine, SCAN, {Channel.EMAIL: 0})

    done = deliver(engine, provider_loop, replace(LIMITS, flush_rows=1), chunk)

    assert done.answers == {"Accepted": len(requests)}
