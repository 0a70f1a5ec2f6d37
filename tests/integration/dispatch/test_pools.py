"""Campaigns with a pool: every recipient from one source, over all batches, and the attempt says which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, select, update

from tests.factories import (
    lease,
    make_batch,
    make_campaign,
    make_limits,
    make_recipient,
    make_request,
    queue_row,
    read_attempt,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.deliver import deliver
from worker.domain.accounts import MAIN
from worker.domain.content.tickets import Ticket
from worker.domain.statuses import Channel
from worker.limits import OpenGate
from worker.store import attempts, schema
from worker.store.connect import in_transaction

LIMITS = make_limits()
MINUTE = timedelta(minutes=1)
FIRST, SECOND, THIRD = "+12125550100", "+14155550100", "+13055550100"


def pool(*sources: str) -> list[dict[str, object]]:
    return [{"source": source, "weight": 1} for source in sources]


def pooled(engine: Engine, *sources: str, channel: Channel = Channel.SMS) -> int:
    return make_campaign(engine, channel=channel, source=sources[0], pool=pool(*sources))


def people(engine: Engine, n: int, channel: Channel = Channel.SMS) -> list[int]:
    return [make_recipient(engine, channel=channel) for _ in range(n)]


def send(
    engine: Engine, connect: Connect, campaign: int, recipients: Sequence[int]
) -> dict[int, Ticket]:
    """Another batch of the campaign to all of them; by recipient, the ticket."""
    batch = make_batch(engine, campaign=campaign)
    requests = {make_request(engine, batch=batch, recipient=one): one for one in recipients}
    provider = FakeProvider(Channel.SMS)
    deliver(engine, connect(provider), LIMITS, lease(engine, *requests))
    with engine.begin() as connection:
        over = {"state": "DONE", "closed_at": schema.attempt.c.began_at, "check_at": None}
        ours = schema.attempt.c.batch == batch
        connection.execute(update(schema.attempt).where(ours).values(over))
    return {requests[ticket.request]: ticket for ticket in provider.tickets}


def sources(tickets: dict[int, Ticket]) -> dict[int, str]:
    return {recipient: ticket.source for recipient, ticket in tickets.items()}


def test_a_recipient_has_one_source_over_all_batches_whatever_joins_the_pool(
    engine: Engine, connect: Connect
) -> None:
    campaign, everybody = pooled(engine, FIRST, SECOND), people(engine, 30)

    first = sources(send(engine, connect, campaign, everybody))
    with engine.begin() as connection:
        grown = {"pool": pool(THIRD, SECOND, FIRST)}
        ours = schema.campaign.c.id == campaign
        connection.execute(update(schema.campaign).where(ours).values(grown))
    again = sources(send(engine, connect, campaign, everybody))
    newcomers = sources(send(engine, connect, campaign, people(engine, 30)))

    assert set(first.values()) == {FIRST, SECOND}
    assert again == first
    assert THIRD in newcomers.values()


def test_an_attempt_says_from_which_source_of_the_pool_it_began(
    engine: Engine, connect: Connect
) -> None:
    tickets = send(engine, connect, pooled(engine, FIRST, SECOND), people(engine, 12))

    began = {one: read_attempt(engine, ticket.attempt) for one, ticket in tickets.items()}
    assert {one: row["source"] for one, row in began.items()} == sources(tickets)
    assert len(set(sources(tickets).values())) == 2


def test_who_had_a_source_that_left_the_pool_is_moved_for_good(
    engine: Engine, connect: Connect
) -> None:
    campaign, everybody = pooled(engine, FIRST, SECOND), people(engine, 20)
    before = sources(send(engine, connect, campaign, everybody))
    with engine.begin() as connection:
        ours = schema.campaign.c.id == campaign
        less = {"pool": pool(SECOND, THIRD), "source": SECOND}
        connection.execute(update(schema.campaign).where(ours).values(less))

    after = sources(send(engine, connect, campaign, everybody))
    with engine.begin() as connection:
        whole = {"pool": pool(FIRST, SECOND, THIRD), "source": FIRST}
        connection.execute(update(schema.campaign).where(ours).values(whole))
    later = sources(send(engine, connect, campaign, everybody))

    assert {one: source for one, source in after.items() if before[one] == SECOND} == {
        one: SECOND for one, source in before.items() if source == SECOND
    }
    assert FIRST not in after.values()
    assert later == after


def test_two_campaigns_with_one_pool_choose_the_same(engine: Engine, connect: Connect) -> None:
    everybody = people(engine, 20)
    one = sources(send(engine, connect, pooled(engine, FIRST, SECOND), everybody))
    other = sources(send(engine, connect, pooled(engine, SECOND, FIRST), everybody))

    assert one == other


def test_what_somebody_chose_first_stands(engine: Engine, connect: Connect) -> None:
    campaign, [person] = pooled(engine, FIRST, SECOND), people(engine, 1)
    ours = sources(send(engine, connect, pooled(engine, FIRST, SECOND), [person]))[person]
    other = SECOND if ours == FIRST else FIRST
    with engine.begin() as connection:
        row = {"recipient": person, "campaign": campaign, "source": other}
        connection.execute(schema.kept_source.insert().values(row))

    assert sources(send(engine, connect, campaign, [person])) == {person: other}


def test_mails_from_two_mailboxes_share_no_request(engine: Engine, connect: Connect) -> None:
    mailboxes = ("a@example.com", "b@example.com")
    campaign = pooled(engine, *mailboxes, channel=Channel.EMAIL)
    batch = make_batch(engine, campaign=campaign)
    everybody = people(engine, 12, Channel.EMAIL)
    requests = [make_request(engine, batch=batch, recipient=one) for one in everybody]
    provider = FakeProvider(Channel.EMAIL)

    deliver(engine, connect(provider), make_limits(group_size=50), lease(engine, *requests))

    assert len(provider.groups) == 2
    assert sorted({ticket.source for ticket in provider.tickets}) == [*mailboxes]
    assert sum(map(len, provider.groups)) == len(everybody)


def test_an_older_process_begins_nothing_of_a_campaign_with_a_pool(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, campaign=pooled(engine, FIRST, SECOND)))
    chunk = lease(engine, request)

    begun, handed_back = in_transaction(
        engine, attempts.begin, chunk, [request], send_window=MINUTE, answer_time=MINUTE
    )

    assert (begun, handed_back) == ([], {request: "other_source"})
    assert queue_row(engine, request)["lease_token"] is None  # type: ignore[index]  # it is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming(OpenGate):
    """Gives the campaign another source while permits are waited for."""

    engine: Engine
    campaign: int

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = MAIN) -> int:
        with self.engine.begin() as connection:
            ours = schema.campaign.c.id == self.campaign
            connection.execute(update(schema.campaign).where(ours).values(source=THIRD))
        return OpenGate.reserve(self, channel, source, wanted, account)


def test_an_attempt_says_what_it_was_sent_from_though_the_campaign_says_otherwise_by_now(
    engine: Engine, connect: Connect
) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS, source=FIRST)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    provider = FakeProvider(Channel.SMS)

    gate = Renaming(engine=engine, campaign=campaign)
    deliver(engine, connect(provider), LIMITS, lease(engine, request), gate)

    [ticket] = provider.tickets
    with engine.begin() as connection:
        wrote = connection.scalar(
            select(schema.attempt.c.source).where(schema.attempt.c.id == ticket.attempt)
        )
    assert (ticket.source, wrote) == (FIRST, FIRST)
