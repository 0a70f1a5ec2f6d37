"""What a worker takes up is counted against what kills workers, and against nothing else."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from tests.factories import (
    MINUTE,
    lease,
    make_batch,
    make_limits,
    make_request,
    queue_row,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from tests.properties.world import Crash
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.scan import ScanLimits
from worker.domain.accounts import MAIN
from worker.domain.evidence.answers import Throttled
from worker.domain.statuses import Channel
from worker.limits import Closed, WantedPermits
from worker.store import queue
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

LIMITS = make_limits(at_once=2, group_size=2)


class Gatekeeper:
    """Permits everything, unless there is a fault to raise; counts how often it was asked."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault = fault
        self.asked = 0
        self.kept = 0
        self.slowed: list[tuple[Channel, float | None]] = []

    def stop(self) -> None:
        """Nothing to stop."""

    def reserve(self, channel: Channel, source: str, wanted: int, account: str = MAIN) -> int:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        self.kept += wanted
        return wanted

    def counts_segments(self, channel: Channel) -> bool:
        return False

    def reserve_any(
        self, channel: Channel, wanted: Mapping[str, WantedPermits], account: str = MAIN
    ) -> dict[str, int]:
        return {one: self.reserve(channel, one, n.total, account) for one, n in wanted.items()}

    def return_unused(
        self, channel: Channel, source: str, *, reserved: int, used: int, account: str = MAIN
    ) -> None:
        self.kept -= reserved - used

    def slow(self, channel: Channel, source: str, after: float | None, account: str = MAIN) -> None:
        self.slowed.append((channel, after))


def claims_after(engine: Engine, connect: Connect, fault: BaseException) -> int:
    request = make_request(engine)
    chunk = lease(engine, request)
    with suppress(MemoryError, ZeroDivisionError, Crash):
        deliver(engine, connect(FakeProvider(Channel.VOICE)), LIMITS, chunk, Gatekeeper(fault))
    row = queue_row(engine, request)
    assert row is not None
    assert row["lease_token"] == chunk.lease
    return int(row["claims"])


def test_waiting_in_vain_for_permission_is_not_held_against_a_request(
    engine: Engine, connect: Connect
) -> None:
    assert claims_after(engine, connect, Closed("away")) == 0


@pytest.mark.parametrize("fault", [MemoryError(), ZeroDivisionError()], ids=repr)
def test_nor_is_anything_that_its_worker_lives_through(
    engine: Engine, connect: Connect, fault: Exception
) -> None:
    assert claims_after(engine, connect, fault) == 0


def test_a_worker_that_dies_is(engine: Engine, connect: Connect) -> None:
    assert claims_after(engine, connect, Crash()) == 1


def claims_of(engine: Engine, request: int) -> int:
    row = queue_row(engine, request)
    assert row is not None
    return int(row["claims"])


def take_up(engine: Engine, chunk: Chunk) -> None:
    in_transaction(engine, queue.count_delivery, chunk)


def forgive(engine: Engine, chunk: Chunk) -> None:
    in_transaction(engine, queue.uncount_delivery, chunk.lease, chunk.requests)


def test_each_take_up_is_forgiven_once(engine: Engine) -> None:
    request = make_request(engine)
    chunk = lease(engine, request)
    take_up(engine, chunk)
    take_up(engine, chunk)  # the message came twice, and one of its workers died

    forgive(engine, chunk)

    assert claims_of(engine, request) == 1


def test_nobody_forgives_what_whoever_has_the_lease_by_now_took_up(engine: Engine) -> None:
    request = make_request(engine)
    first = lease(engine, request)
    take_up(engine, first)
    in_transaction(engine, queue.postpone_chunk, first, MINUTE)
    forgive(engine, first)
    second = lease(engine, request)
    take_up(engine, second)

    forgive(engine, first)

    assert claims_of(engine, request) == 1


def test_whoever_outlived_its_lease_is_forgiven_too(engine: Engine) -> None:
    request = make_request(engine)
    first = lease(engine, request)
    take_up(engine, first)
    second = lease(engine, request)
    take_up(engine, second)

    forgive(engine, first)
    forgive(engine, second)

    assert claims_of(engine, request) == 0


def test_a_chunk_whose_lease_is_over_wastes_no_permits(engine: Engine, connect: Connect) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(6)]
    chunk = lease(engine, *requests, lasts=-MINUTE)
    gate, provider = Gatekeeper(), FakeProvider(Channel.VOICE)

    done: Delivered = deliver(engine, connect(provider), LIMITS, chunk, gate)

    assert (gate.asked, gate.kept, provider.tickets) == (1, 0, [])
    assert done.handed_back == {"lease_over": 6}


@pytest.mark.parametrize(
    ("channel", "per_second", "size"),
    [
        pytest.param(Channel.VOICE, 0.0, 100, id="no limit"),
        pytest.param(Channel.VOICE, 1.0, 3, id="one a second"),
        pytest.param(Channel.VOICE, 0.1, 1, id="hardly any"),
        pytest.param(Channel.VOICE, 1000.0, 100, id="more than a chunk"),
        pytest.param(Channel.EMAIL, 1.0, 1000, id="mails that share a request"),
    ],
)
def test_a_chunk_can_be_sent_while_its_lease_lasts(
    channel: Channel, per_second: float, size: int
) -> None:
    limits = ScanLimits(
        lease=2 * MINUTE,
        chunk_size=100,
        backlog_chunks=8,
        group_size=1000,
        per_second={channel: per_second},
    )

    assert limits.size(channel) == size


HANDED_BACK: dict[str, dict[str, object]] = {
    "paused": {"paused": True},
    "expired": {"expires_in": -MINUTE},
}


@pytest.mark.parametrize("why", HANDED_BACK)
def test_permits_of_what_did_not_begin_are_returned(
    engine: Engine, connect: Connect, why: str
) -> None:
    batch = make_batch(engine, **HANDED_BACK[why])  # type: ignore[arg-type]
    gate, provider = Gatekeeper(), FakeProvider(Channel.VOICE)

    done = deliver(
        engine, connect(provider), LIMITS, lease(engine, make_request(engine, batch=batch)), gate
    )

    assert (done.handed_back, gate.asked, gate.kept) == ({why: 1}, 1, 0)


def test_permits_are_returned_where_begin_fails(engine: Engine, connect: Connect) -> None:
    chunk = lease(engine, make_request(engine))
    with engine.begin() as connection:
        connection.exec_driver_sql("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON attempt FOR EACH ROW EXECUTE FUNCTION refuse();
        """)
    gate = Gatekeeper()

    done = deliver(engine, connect(FakeProvider(Channel.VOICE)), LIMITS, chunk, gate)

    assert (done.handed_back, gate.asked, gate.kept) == ({"store_unavailable": 1}, 1, 0)


@pytest.mark.parametrize("after", [None, 7.0])
def test_a_provider_that_refuses_for_its_rate_is_asked_more_slowly(
    engine: Engine, connect: Connect, after: float | None
) -> None:
    gate, answers = Gatekeeper(), [Throttled(after, "20429")]
    provider = FakeProvider(Channel.VOICE, answers=answers)

    deliver(engine, connect(provider), LIMITS, lease(engine, make_request(engine)), gate)

    assert gate.slowed == [(Channel.VOICE, after)]


def test_of_several_pauses_the_longest_counts(engine: Engine, connect: Connect) -> None:
    gate, limits = Gatekeeper(), replace(LIMITS, flush_seconds=5.0)
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(2)]
    provider = FakeProvider(
        Channel.VOICE, answers=[Throttled(3.0, "20429"), Throttled(7.0, "20429")]
    )

    deliver(engine, connect(provider), limits, lease(engine, *requests), gate)

    assert gate.slowed == [(Channel.VOICE, 7.0)]
