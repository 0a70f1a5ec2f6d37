"""A source of a pool rests: it takes nobody new, and whom it has waits, and is moved if it rests for long."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update

from tests.factories import (
    ANA,
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_limits,
    make_recipient,
    make_request,
    make_timeouts,
    queue_row,
    read_attempt,
    read_request,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.desk.request_details import show_details
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.halt import halts_in_force, resume
from worker.domain.accounts import source_key
from worker.domain.evidence.answers import Halt, HaltScope
from worker.domain.evidence.reports import Report
from worker.domain.statuses import AttemptState, Channel
from worker.providers import sms
from worker.store import halts, schema
from worker.store.connect import in_transaction

FIRST, SECOND = "+12125550100", "+14155550100"
POOL = [{"source": source, "weight": 1} for source in (FIRST, SECOND)]
KEY = source_key("sms", "main", FIRST)
UNUSABLE = Halt(HaltScope.CAMPAIGN, "21606", "the campaign's source is not one that can send")


def pooled(engine: Engine, pool: Sequence[dict[str, object]] = POOL) -> int:
    return make_campaign(engine, channel=Channel.SMS, source=FIRST, pool=pool)


def people_of(engine: Engine, campaign: int, source: str, n: int = 3) -> list[int]:
    """People who have this source."""
    people = [make_recipient(engine, channel=Channel.SMS) for _ in range(n)]
    rows = [{"recipient": one, "campaign": campaign, "source": source} for one in people]
    with engine.begin() as connection:
        connection.execute(schema.kept_source.insert(), rows)
    return people


def requests_for(engine: Engine, campaign: int, people: Sequence[int]) -> list[int]:
    batch = make_batch(engine, campaign=campaign)
    return [make_request(engine, batch=batch, recipient=one) for one in people]


def rest(engine: Engine, since: timedelta = timedelta(0), key: str = KEY) -> None:
    in_transaction(engine, halts.halt, "source", key, "too many rejections", halts.PROVIDER)
    with engine.begin() as connection:
        ours = schema.halt.c.key == key
        ago = schema.halt.c.halted_at - since
        connection.execute(update(schema.halt).where(ours).values(halted_at=ago))


def send(
    engine: Engine, connect: Connect, requests: Sequence[int], answers: Sequence[Halt] = ()
) -> tuple[dict[int, str], Delivered]:
    """What each was sent from, and what became of the chunk."""
    provider = FakeProvider(Channel.SMS, answers=answers)
    done = deliver(engine, connect(provider), make_limits(), lease(engine, *requests))
    return {one.request: one.source for one in provider.tickets}, done


def test_a_source_that_rests_takes_nobody_new(engine: Engine, connect: Connect) -> None:
    rest(engine)
    campaign = pooled(engine)
    people = [make_recipient(engine, channel=Channel.SMS) for _ in range(12)]

    sent, _ = send(engine, connect, requests_for(engine, campaign, people))

    assert set(sent.values()) == {SECOND}
    assert len(sent) == len(people)


def test_whom_it_has_waits_until_it_has_rested_for_long(engine: Engine, connect: Connect) -> None:
    campaign = pooled(engine)
    requests = requests_for(engine, campaign, people_of(engine, campaign, FIRST))
    rest(engine)

    sent, done = send(engine, connect, requests)

    assert (sent, done.handed_back) == ({}, {"source_rests": 3})
    row = queue_row(engine, requests[0])
    with engine.begin() as connection:
        halted_at = connection.scalars(select(schema.halt.c.halted_at)).one()
    assert row is not None
    assert row["due_at"] == halted_at + make_limits().source_rest
    assert (row["lease_token"], row["claims"]) == (None, 0)


def test_who_has_waited_long_enough_is_moved_for_good(engine: Engine, connect: Connect) -> None:
    campaign = pooled(engine)
    people = people_of(engine, campaign, FIRST)
    requests = requests_for(engine, campaign, people)
    rest(engine, since=timedelta(days=2))

    sent, _ = send(engine, connect, requests)
    with engine.begin() as connection:
        kept = connection.scalars(
            select(schema.kept_source.c.source).where(schema.kept_source.c.recipient.in_(people))
        ).all()

    assert sent == dict.fromkeys(requests, SECOND)
    assert set(kept) == {SECOND}


def test_what_it_was_sent_from_goes_on_for_everybody_else(engine: Engine, connect: Connect) -> None:
    campaign = pooled(engine)
    theirs = people_of(engine, campaign, SECOND)
    requests = requests_for(engine, campaign, [*people_of(engine, campaign, FIRST), *theirs])
    rest(engine)

    sent, _ = send(engine, connect, requests)

    assert sent == dict.fromkeys(requests[3:], SECOND)


def test_who_waits_goes_on_once_it_is_resumed_and_nobody_else_is_hurried(
    engine: Engine, connect: Connect
) -> None:
    campaign = pooled(engine)
    waiting, retrying = requests_for(engine, campaign, people_of(engine, campaign, FIRST, 2))
    rest(engine)
    send(engine, connect, [waiting])
    later = schema.queue.c.due_at + timedelta(minutes=30)
    with engine.begin() as connection:
        ours = schema.queue.c.request == retrying
        connection.execute(update(schema.queue).where(ours).values(due_at=later))
    before = queue_row(engine, retrying)

    resume(engine, "source", KEY, by=ANA)

    assert queue_row(engine, retrying) == before
    sent, _ = send(engine, connect, [waiting])
    assert sent == {waiting: FIRST}
    row = read_attempt(engine, read_request(engine, waiting)["attempt"])
    assert row["began_at"] < row["check_at"]


def test_where_no_source_takes_anybody_new_the_campaign_is_halted_and_says_so(
    engine: Engine, connect: Connect
) -> None:
    campaign = pooled(engine)
    people = [make_recipient(engine, channel=Channel.SMS) for _ in range(2)]
    requests = requests_for(engine, campaign, people)
    for source in (FIRST, SECOND):
        rest(engine, key=source_key("sms", "main", source))

    sent, done = send(engine, connect, requests)

    assert (sent, done.handed_back) == ({}, {"source_rests": 2})
    [halted] = [row for row in halts_in_force(engine) if row.scope == "campaign"]
    assert (halted.key, "none of its sources" in halted.reason) == (str(campaign), True)
    assert queue_row(engine, requests[0])["claims"] == 0  # type: ignore[index]  # it is there


def test_one_source_that_can_not_send_rests_and_the_campaign_goes_on(
    engine: Engine, connect: Connect
) -> None:
    campaign = pooled(engine)
    [request] = requests_for(engine, campaign, people_of(engine, campaign, FIRST, 1))

    send(engine, connect, [request], answers=[UNUSABLE])

    [row] = halts_in_force(engine)
    assert (row.scope, row.key, row.halted_by) == ("source", KEY, "provider")
    assert read_request(engine, request)["request_status"] == "PENDING"
    others = requests_for(engine, campaign, people_of(engine, campaign, SECOND))
    assert len(send(engine, connect, others)[0]) == 3


def test_what_speaks_of_the_words_halts_the_campaign_though_it_has_a_pool(
    engine: Engine, connect: Connect
) -> None:
    campaign = pooled(engine)
    [request] = requests_for(engine, campaign, people_of(engine, campaign, FIRST, 1))

    too_long = Halt(HaltScope.CAMPAIGN, "21617", "the text is too long")
    send(engine, connect, [request], answers=[too_long])

    [row] = halts_in_force(engine)
    assert (row.scope, row.key) == ("campaign", str(campaign))


def failed(token: UUID, number: int, code: str = "30007") -> Report:
    said = {"MessageSid": f"SM{number:032x}", "MessageStatus": "undelivered", "ErrorCode": code}
    report = sms.read_callback(said, token)
    assert report is not None
    return report


def under_way(engine: Engine, campaign: int, n: int, source: str = FIRST) -> list[UUID]:
    """The tokens of attempts from this source that nothing was reported of."""
    batch = make_batch(engine, campaign=campaign)
    tokens = []
    for _ in range(n):
        request = make_request(
            engine, batch=batch, recipient=make_recipient(engine, channel=Channel.SMS)
        )
        attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED, source=source)
        tokens.append(read_attempt(engine, attempt)["token"])
    return tokens


@pytest.mark.parametrize(
    ("n", "pool", "rests"),
    [(4, POOL, True), (3, POOL, False), (4, [], False)],
    ids=["too many", "not so many", "no pool"],
)
def test_too_many_rejections_by_carriers_rest_a_source_of_a_pool(
    engine: Engine, n: int, pool: list[dict[str, object]], rests: bool
) -> None:
    tokens = under_way(engine, pooled(engine, pool), n)
    timeouts = make_timeouts(source_rejections=4)

    for number, token in enumerate(tokens):
        apply_reports(engine, timeouts, [failed(token, number)])

    assert [row.key for row in halts_in_force(engine)] == [KEY] * rests


def test_what_was_rejected_before_it_was_resumed_is_forgiven(engine: Engine) -> None:
    campaign, timeouts = pooled(engine), make_timeouts(source_rejections=2)
    before = under_way(engine, campaign, 2)
    apply_reports(engine, timeouts, [failed(one, n) for n, one in enumerate(before)])
    resume(engine, "source", KEY, by=ANA)

    [once] = under_way(engine, campaign, 1)
    apply_reports(engine, timeouts, [failed(once, 7)])

    assert halts_in_force(engine) == []


def test_a_request_says_that_its_source_rests(engine: Engine) -> None:
    campaign = pooled(engine)
    [person] = people_of(engine, campaign, FIRST, 1)
    batch = make_batch(engine, campaign=campaign, batch_id="of-a-pool")
    make_request(engine, batch=batch, recipient=person, reference_id="1")
    rest(engine)

    held = show_details(engine, "of-a-pool", "1").held_by

    assert any(one.startswith(f"source {FIRST} rests since") for one in held), held
