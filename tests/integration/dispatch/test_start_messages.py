"""START lifts the STOPs that were written before it, by the provider's word, and nothing else."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, text, update

from tests.factories import ANA, DAY, make_recipient, read
from tests.fixtures.sandbox import Sandbox, ask
from worker.desk.opt_outs import hear_start, hear_stop
from worker.desk.suppression_lifts import explain_suppressed
from worker.desk.suppressions import suppress_recipient
from worker.dispatch.provider_loop import ProviderLoop
from worker.dispatch.start_messages import hear_starts
from worker.domain.consent.suppression import SuppressScope
from worker.domain.statuses import Channel, SuppressReason
from worker.providers.connected import connect as connect_providers
from worker.store import schema
from worker.store.connect import connect

NUMBER = "+15125550140"
STOP, LATER_STOP, START = (f"SM{n:032}" for n in (1, 2, 3))
NOON = 1_764_158_400.0
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def provider_loop(sandbox: Sandbox) -> Iterator[ProviderLoop]:
    made = ProviderLoop(
        lambda: connect_providers(
            twilio_api_url=sandbox.url,
            twilio_account_sid=sandbox.account_sid,
            twilio_auth_token=sandbox.auth_token,
            sendgrid_api_url=sandbox.url,
            sendgrid_api_key=sandbox.api_key,
            public_url="http://127.0.0.1:9",
            connect_timeout=3,
            read_timeout=10,
            limit=10,
        )
    )
    yield made
    made.close()


@pytest.fixture
def recipient(engine: Engine) -> int:
    return make_recipient(engine, channel=Channel.SMS, address=NUMBER)


def write(sandbox: Sandbox, body: str, sid: str, seconds: float) -> None:
    """A message at the provider, whose webhook reaches nobody: the test brings it when it likes."""
    said = {"url": NOWHERE, "from": NUMBER, "to": "+15125550100", "body": body}
    ask(f"{sandbox.url}/sandbox/inbound", said | {"sid": sid, "at": NOON + seconds})


def stands(engine: Engine, recipient: int) -> bool:
    return read(engine, schema.recipient, recipient)["suppressed_at"] is not None


def come_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(schema.start_message)
            .where(schema.start_message.c.next_try_at.is_not(None))
            .values(next_try_at=func.clock_timestamp())
        )


def test_a_start_after_the_stop_lifts_it_and_is_remembered(
    engine: Engine, provider_loop: ProviderLoop, sandbox: Sandbox, recipient: int
) -> None:
    write(sandbox, "STOP", STOP, 0)
    write(sandbox, "START", START, 60)
    hear_stop(engine, NUMBER, STOP)
    assert hear_start(engine, NUMBER, START)

    assert hear_starts(engine, provider_loop) == 1

    assert not stands(engine, recipient)
    [row] = explain_suppressed(engine, Channel.SMS, NUMBER)
    assert (row.lifted_by, row.lifted_why) == ("start", START)
    assert not hear_start(engine, NUMBER, START)
    assert hear_starts(engine, provider_loop) == 0


@pytest.mark.parametrize("first", ["stop", "start"])
def test_messages_that_overtake_each_other_end_the_same(
    engine: Engine, provider_loop: ProviderLoop, sandbox: Sandbox, recipient: int, first: str
) -> None:
    write(sandbox, "STOP", STOP, 0)
    write(sandbox, "START", START, 60)
    arrivals = [(hear_stop, STOP), (hear_start, START)]
    for hear, sid in arrivals if first == "stop" else reversed(arrivals):
        hear(engine, NUMBER, sid)
        hear_starts(engine, provider_loop)

    assert not stands(engine, recipient)


def test_a_start_that_came_late_lifts_no_later_stop(
    engine: Engine, provider_loop: ProviderLoop, sandbox: Sandbox, recipient: int
) -> None:
    write(sandbox, "STOP", STOP, 0)
    write(sandbox, "START", START, 60)
    write(sandbox, "STOP", LATER_STOP, 61)
    for sid in (STOP, LATER_STOP):
        hear_stop(engine, NUMBER, sid)
    hear_start(engine, NUMBER, START)

    hear_starts(engine, provider_loop)

    assert stands(engine, recipient)
    assert {one.lifted_at for one in explain_suppressed(engine, Channel.SMS, NUMBER)} == {None}


def test_nothing_but_stops_is_lifted(
    engine: Engine, provider_loop: ProviderLoop, sandbox: Sandbox, recipient: int
) -> None:
    write(sandbox, "STOP", STOP, 0)
    write(sandbox, "START", START, 60)
    reason = SuppressReason.UNSUBSCRIBED
    suppress_recipient(engine, Channel.SMS, NUMBER, reason=reason, by=ANA)
    hear_stop(engine, NUMBER, STOP)
    hear_start(engine, NUMBER, START)

    hear_starts(engine, provider_loop)

    assert stands(engine, recipient)
    operator, stop = explain_suppressed(engine, Channel.SMS, NUMBER)
    assert (operator.lifted_by, stop.lifted_by) == (None, "start")


def test_it_lifts_a_stop_on_every_channel_that_it_reached(
    database_url: str, provider_loop: ProviderLoop, sandbox: Sandbox
) -> None:
    everywhere = connect(database_url, suppress_scope=SuppressScope.ALL)
    write(sandbox, "STOP", STOP, 0)
    write(sandbox, "START", START, 60)
    hear_stop(everywhere, NUMBER, STOP)
    hear_start(everywhere, NUMBER, START)

    hear_starts(everywhere, provider_loop)

    with everywhere.begin() as connection:
        left = connection.scalar(text("SELECT count(suppressed_at) FROM recipient"))
    everywhere.dispose()
    assert left == 0


def test_while_the_provider_can_not_be_asked_the_stop_stays(
    engine: Engine, provider_loop: ProviderLoop, sandbox: Sandbox, recipient: int
) -> None:
    write(sandbox, "STOP", STOP, 0)
    hear_stop(engine, NUMBER, STOP)
    hear_start(engine, NUMBER, START)
    hear_starts(engine, provider_loop)  # it knows of no such message yet
    assert stands(engine, recipient)

    write(sandbox, "START", START, 60)
    assert hear_starts(engine, provider_loop) == 0  # not at once
    come_due(engine)
    hear_starts(engine, provider_loop)

    assert not stands(engine, recipient)


def test_after_a_day_nobody_asks_any_more(
    engine: Engine, provider_loop: ProviderLoop, sandbox: Sandbox, recipient: int
) -> None:
    write(sandbox, "STOP", STOP, 0)
    hear_stop(engine, NUMBER, STOP)
    hear_start(engine, NUMBER, START)
    with engine.begin() as connection:
        late = schema.start_message.c.received_at - 2 * DAY
        connection.execute(update(schema.start_message).values(received_at=late))

    assert hear_starts(engine, provider_loop) == 1
    come_due(engine)

    assert hear_starts(engine, provider_loop) == 0
    assert stands(engine, recipient)


@pytest.mark.parametrize("sid", ["", "before-7"])
def test_a_stop_that_nobody_can_be_asked_about_stays(
    engine: Engine, provider_loop: ProviderLoop, sandbox: Sandbox, recipient: int, sid: str
) -> None:
    write(sandbox, "START", START, 60)
    hear_stop(engine, NUMBER, sid)
    hear_start(engine, NUMBER, START)

    hear_starts(engine, provider_loop)
    come_due(engine)

    assert hear_starts(engine, provider_loop) == 0
    assert stands(engine, recipient)
