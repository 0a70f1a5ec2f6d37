"""The database takes nothing for a while, or not of everybody: nobody is called twice, none is given up."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, text

from tests.factories import (
    MINUTE,
    SECOND,
    counted_equals_recount,
    lease,
    make_batch,
    make_limits,
    make_request,
    make_timeouts,
    queue_row,
    read_request,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.scan import MOST_DELIVERIES, ScanLimits, scan
from worker.domain.statuses import Channel
from worker.store.connect import connect as connect_store

LIMITS = make_limits(timeouts=make_timeouts(refused_pause=15 * SECOND))
SCAN = ScanLimits(lease=2 * MINUTE, chunk_size=10, backlog_chunks=4)


@pytest.fixture
def hasty(database_url: str) -> Iterator[Engine]:
    """A worker's store that gives a lock up after a moment, as the usual one does after seconds."""
    made = connect_store(database_url)

    @event.listens_for(made, "connect")
    def hurry(driver: object, _: object) -> None:
        driver.execute("SET lock_timeout = 20")  # type: ignore[attr-defined]
        driver.commit()  # type: ignore[attr-defined]

    yield made
    made.dispose()


def time_passes(engine: Engine, by: timedelta) -> None:
    """As for what waits, as far as nobody holds it."""
    with engine.begin() as connection:
        connection.execute(
            text("""
                UPDATE queue SET due_at = due_at - :by, lease_until = lease_until - :by
                WHERE request IN (SELECT request FROM queue FOR UPDATE SKIP LOCKED)
            """),
            {"by": by},
        )
        connection.execute(text("UPDATE batch_pace SET next_claim_at = now()"))


def deliver_all(engine: Engine, connect: Connect, provider: FakeProvider) -> list[Delivered]:
    provider_loop = connect(provider)
    chunks = scan(engine, SCAN, {Channel.VOICE: 0})
    return [deliver(engine, provider_loop, LIMITS, chunk) for chunk in chunks]


HELD = {
    "batch": "SELECT FROM communication_batch FOR UPDATE",
    "recipient": "SELECT FROM recipient ORDER BY id LIMIT 1 FOR UPDATE",
    "request": "SELECT FROM communication_request ORDER BY id LIMIT 1 FOR UPDATE",
    "halt": "SELECT pg_advisory_xact_lock(7230002)",
    "attempts": "LOCK TABLE attempt IN SHARE MODE",
}


@pytest.mark.parametrize("statement", HELD.values(), ids=HELD)
def test_a_lock_held_for_twenty_minutes_closes_nothing(
    hasty: Engine, engine: Engine, connect: Connect, statement: str
) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(5)]
    provider = FakeProvider(Channel.VOICE)
    with engine.connect() as holder:
        # Longer than what lets go of a frozen process's locks: this machine may be slow.
        for guard in ("transaction_timeout", "idle_in_transaction_session_timeout"):
            holder.execute(text(f"SET LOCAL {guard} = 0"))
        holder.execute(text(statement))
        for _ in range(MOST_DELIVERIES + 2):
            done = deliver_all(hasty, connect, provider)
            assert [one.handed_back for one in done] == [{"store_unavailable": 5}]
            time_passes(engine, 2 * MINUTE)
        holder.rollback()
    assert provider.tickets == []

    deliver_all(hasty, connect, provider)

    assert Counter(ticket.request for ticket in provider.tickets) == Counter(requests)
    assert {read_request(engine, one)["request_status"] for one in requests} == {"INITIATED"}
    assert counted_equals_recount(engine)


def refuse(engine: Engine, code: str, *requests: int) -> None:
    """Let the database raise this error whenever one of the requests begins."""
    listed = ", ".join(map(str, requests))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.request_status = 'INITIATED' AND NEW.id IN ({listed}) THEN
                    RAISE EXCEPTION 'value +15125550001 in it' USING ERRCODE = '{code}';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE UPDATE ON communication_request
                FOR EACH ROW EXECUTE FUNCTION refuse();
        """)


@pytest.mark.parametrize("code", ["21000", "22003", "23514", "42804"])
def test_an_error_of_data_costs_only_whom_it_is_about(
    engine: Engine, connect: Connect, code: str
) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(10)]
    bad = {requests[3], requests[8]}
    refuse(engine, code, *bad)
    provider = FakeProvider(Channel.VOICE)

    for _ in range(2):
        deliver_all(engine, connect, provider)
        time_passes(engine, MINUTE)
    assert {read_request(engine, one)["request_status"] for one in bad} == {"PENDING"}
    deliver_all(engine, connect, provider)

    assert Counter(ticket.request for ticket in provider.tickets) == Counter(set(requests) - bad)
    for request in bad:
        after = read_request(engine, request)
        assert (after["request_status"], after["error_code"]) == ("FAILED", "begin")
        assert after["channel_manager_status"] == "UNEXPECTED_ERROR"
        assert code in after["error_message"]
        assert "+1512" not in after["error_message"]
        assert queue_row(engine, request) is None
    assert counted_equals_recount(engine)


STORE = ["25006", "53100", "53200", "53300", "57P01", "57P03", "58030", "42501", "XX000", "P0001"]


@pytest.mark.parametrize("code", STORE)
def test_an_error_of_the_store_hands_the_chunk_back_whole(
    engine: Engine, connect: Connect, code: str
) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(4)]
    refuse(engine, code, requests[1])
    provider = FakeProvider(Channel.VOICE)

    done = deliver(engine, connect(provider), LIMITS, lease(engine, *requests))

    assert (provider.tickets, done.handed_back) == ([], {"store_unavailable": 4})
    for request in requests:
        row = queue_row(engine, request)
        assert row is not None
        assert (row["lease_token"], row["claims"], row["faults"]) == (None, 0, 0)


def test_what_is_handed_back_waits_and_has_its_rate_again(engine: Engine, connect: Connect) -> None:
    batch = make_batch(engine, call_rate=1)
    requests = [make_request(engine, batch=batch) for _ in range(2)]
    with engine.begin() as connection:
        connection.execute(text("UPDATE batch_pace SET allowance = -1, next_claim_at = 'infinity'"))
    refuse(engine, "53100", requests[0])
    chunk = lease(engine, *requests)

    deliver(engine, connect(FakeProvider(Channel.VOICE)), LIMITS, chunk)

    with engine.connect() as connection:
        waits = text("SELECT min(due_at) - now() FROM queue")
        assert (connection.scalar(waits) or timedelta(0)) > LIMITS.timeouts.refused_pause / 2
        assert connection.scalar(text("SELECT allowance FROM batch_pace")) == 1
