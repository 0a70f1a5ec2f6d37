"""The buckets on a real server: never more than the rate and one burst, whoever asks."""

from collections.abc import Iterator
from threading import Barrier, Thread
from time import monotonic

import pytest
from redis import Redis

from worker.domain.statuses import Mode
from worker.limits import Bucket, Buckets, Closed, SharedGate


@pytest.fixture
def server(broker_url: str) -> Iterator[Redis]:
    with Redis.from_url(broker_url) as client:
        yield client


@pytest.mark.parametrize("rate", [1.0, 10.0, 500.0])
def test_four_takers_together_stay_within_rate_and_one_burst(server: Redis, rate: float) -> None:
    bucket, length = Bucket("voice", rate), 2.5
    taken: list[int] = []
    start = Barrier(4)

    def take() -> None:
        gate = SharedGate(Buckets(server), dict.fromkeys(Mode, rate), patience=length)
        start.wait()
        ends = monotonic() + length
        while monotonic() < ends:
            try:
                taken.append(gate.reserve(Mode.VOICE, "", 100))
            except Closed:
                return

    began = monotonic()
    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = monotonic() - began

    assert sum(taken) <= rate * lasted + bucket.burst
    assert sum(taken) >= rate * length * 0.8


def test_a_server_that_forgets_costs_one_burst(server: Redis) -> None:
    buckets, bucket = Buckets(server), Bucket("voice", 1.0)
    first = buckets.take(bucket, 100)
    server.flushall()

    assert (first, buckets.take(bucket, 100)) == ((1, 0.0), (1, 0.0))
    assert buckets.take(bucket, 100)[0] == 0


def test_unused_permissions_are_there_again(server: Redis) -> None:
    buckets, bucket = Buckets(server), Bucket("voice", 1.0)
    buckets.take(bucket, 1)
    buckets.give_back(bucket, 1)

    assert buckets.take(bucket, 1)[0] == 1


def test_what_was_used_beyond_is_owed(server: Redis) -> None:
    buckets, bucket = Buckets(server), Bucket("email", 1.0)
    buckets.take(bucket, 1)
    buckets.give_back(bucket, -3)

    given, wait = buckets.take(bucket, 1)
    assert given == 0
    assert wait > 3.5


def test_a_refusal_for_the_rate_blocks_everybody_and_the_next_one_longer(server: Redis) -> None:
    buckets, bucket = Buckets(server), Bucket("sms:+1", 500.0)

    assert buckets.slow(bucket, 7.0) == pytest.approx(7.0, abs=0.01)
    given, wait = Buckets(server).take(bucket, 10)
    assert given == 0
    assert wait == pytest.approx(7.0, abs=0.5)
    server.hset("outreach:limit:sms:+1", "until", "0")
    assert buckets.slow(bucket, None) == pytest.approx(2.0, abs=0.01)


def test_while_the_server_is_away_nothing_begins() -> None:
    with Redis.from_url("redis://127.0.0.1:1/0") as nobody:
        gate = SharedGate(Buckets(nobody), dict.fromkeys(Mode, 1.0), patience=1)
        with pytest.raises(Closed, match="away"):
            gate.reserve(Mode.VOICE, "", 1)
