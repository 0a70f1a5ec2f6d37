"""The buckets on a real server: never more than the rate and one burst, whoever asks."""

from collections.abc import Iterator
from threading import Barrier, Thread
from time import monotonic

import pytest
from redis import Redis

from tests.limits import BEHAVIOURS, Behaviour
from worker.domain.statuses import Channel
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
        gate = SharedGate(Buckets(server), dict.fromkeys(Channel, rate), patience=length)
        start.wait()
        ends = monotonic() + length
        while monotonic() < ends:
            try:
                taken.append(gate.reserve(Channel.VOICE, "", 100))
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


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_a_real_server_keeps_the_limits(server: Redis, behaviour: Behaviour) -> None:
    behaviour(server)


def test_while_the_server_is_away_nothing_begins() -> None:
    with Redis.from_url("redis://127.0.0.1:1/0") as nobody:
        gate = SharedGate(Buckets(nobody), dict.fromkeys(Channel, 1.0), patience=1)
        with pytest.raises(Closed, match="away"):
            gate.reserve(Channel.VOICE, "", 1)
