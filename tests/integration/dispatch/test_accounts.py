"""Several accounts at a provider: an attempt belongs to one from its first moment."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from tests.factories import (
    lease,
    make_batch,
    make_campaign,
    make_limits,
    make_request,
    make_timeouts,
    queue_row,
    read_attempt,
    read_request,
)
from tests.fakes.provider import FakeProvider, FakeProviders
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.deliver import deliver
from worker.dispatch.probe import probe
from worker.dispatch.rescue import rescue
from worker.domain.evidence.answers import Halt, HaltScope, Unknown
from worker.domain.statuses import Channel
from worker.store import attempts, halts, schema
from worker.store.connect import in_transaction

LIMITS = make_limits()
MINUTE = timedelta(minutes=1)


def request_by(engine: Engine, account: str) -> int:
    campaign = make_campaign(engine, channel=Channel.SMS, account=account)
    return make_request(engine, batch=make_batch(engine, campaign=campaign))


@pytest.fixture
def main() -> FakeProvider:
    return FakeProvider(Channel.SMS)


@pytest.fixture
def north() -> FakeProvider:
    return FakeProvider(Channel.SMS)


def test_a_campaign_sends_by_its_account_and_the_attempt_says_so(
    engine: Engine, connect: Connect, main: FakeProvider, north: FakeProvider
) -> None:
    request = request_by(engine, "north")

    line = connect(main, beside={"north": FakeProviders(north)})
    deliver(engine, line, LIMITS, lease(engine, request))

    assert (len(main.tickets), len(north.tickets)) == (0, 1)
    assert read_attempt(engine, north.tickets[0].attempt)["account"] == "north"


def test_what_became_of_an_attempt_is_asked_of_its_account(
    engine: Engine, connect: Connect, main: FakeProvider
) -> None:
    north = FakeProvider(Channel.SMS, answers=[Unknown("read_timeout")])
    request = request_by(engine, "north")
    line = connect(main, beside={"north": FakeProviders(north)})
    deliver(engine, line, LIMITS, lease(engine, request))
    at_once = schema.attempt.c.began_at
    with engine.begin() as connection:
        mine = schema.attempt.c.request == request
        connection.execute(update(schema.attempt).where(mine).values(check_at=at_once))

    rescue(engine, line, make_timeouts())

    assert request in {read_attempt(engine, one.attempt)["request"] for one in north.inquiries}
    assert request not in {read_attempt(engine, one.attempt)["request"] for one in main.inquiries}


def test_nothing_begins_for_a_campaign_that_names_another_account_by_now(engine: Engine) -> None:
    request = request_by(engine, "north")
    chunk = lease(engine, request)

    begun, handed_back = in_transaction(
        engine, attempts.begin, chunk, [request], send_window=MINUTE, answer_time=MINUTE
    )

    assert (begun, handed_back) == ([], {request: "other_account"})
    assert queue_row(engine, request)["lease_token"] is None  # type: ignore[index]  # it is there


def test_an_account_that_is_refused_halts_itself_alone(
    engine: Engine, connect: Connect, main: FakeProvider
) -> None:
    suspended = Halt(HaltScope.CHANNEL, "20005", "the account is suspended")
    north = FakeProvider(Channel.SMS, answers=[suspended])
    first, second, other = (request_by(engine, one) for one in ("north", "north", "main"))
    line = connect(main, beside={"north": FakeProviders(north)})

    for request in (first, second, other):
        deliver(engine, line, LIMITS, lease(engine, request))

    assert [row.key for row in in_transaction(engine, halts.in_force)] == ["sms@north"]
    assert read_request(engine, second)["request_status"] == "PENDING"
    assert (len(north.tickets), len(main.tickets)) == (1, 1)


@pytest.mark.parametrize(("others", "key"), [(False, "sms"), (True, "sms@main")])
def test_where_others_are_the_main_account_is_halted_alone_too(
    engine: Engine, others: bool, key: str
) -> None:
    if others:
        make_campaign(engine, account="north")

    assert in_transaction(engine, halts.key_of, "sms", "main") == key


def test_a_halt_of_an_account_is_lifted_once_that_one_answers(
    engine: Engine, connect: Connect, main: FakeProvider, north: FakeProvider
) -> None:
    probed: list[str] = []

    async def answers() -> bool:
        probed.append("north")
        return True

    north.probe = answers  # type: ignore[attr-defined]  # what this provider says
    in_transaction(engine, halts.halt, "channel", "sms@north", "suspended", halts.PROVIDER)

    probe(engine, connect(main, beside={"north": FakeProviders(north)}), timedelta(0))

    assert (probed, in_transaction(engine, halts.in_force)) == (["north"], [])


@pytest.mark.parametrize("beside", [(), (Channel.EMAIL,)], ids=["unknown", "of another channel"])
def test_a_campaign_whose_account_can_not_send_is_halted_before_anybody_is_contacted(
    engine: Engine, connect: Connect, main: FakeProvider, beside: tuple[Channel, ...]
) -> None:
    request = request_by(engine, "north")
    known = {"north": FakeProviders(*map(FakeProvider, beside))} if beside else {}

    done = deliver(engine, connect(main, beside=known), LIMITS, lease(engine, request))

    assert (main.tickets, done.handed_back) == ([], {"other_account": 1})
    assert read_request(engine, request)["attempt_count"] == 0
    [row] = in_transaction(engine, halts.in_force)
    assert (row.scope, row.reason) == (
        "campaign",
        "account: north of ACCOUNTS_FILE is none that carries sms",
    )
