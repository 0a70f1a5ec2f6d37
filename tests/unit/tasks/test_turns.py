"""A worker turns when a message comes through its own consumer and pool, or when its pool is full."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.worker import state
from kombu import Connection, Consumer, Queue
from kombu.asynchronous import Hub

from config.queues import TURNS
from tasks.guard import GuardedRedis
from tasks.turns import IDLE, Turns
from worker import heartbeat
from worker.heartbeat import HEART

KIND = "sms"


class Pool:
    """Threads whose time the test decides."""

    def __init__(self) -> None:
        self.num_processes = 1
        self.given: list[Callable[[], object]] = []

    def apply_async(self, target: Any, args: Any, callback: Any) -> None:
        self.given.append(lambda: callback(target(*args)))


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1_000.0]
    monkeypatch.setattr(heartbeat, "_now", lambda: moment[0])
    monkeypatch.setattr(HEART, "name", KIND)
    monkeypatch.setattr(HEART, "_turned", {})
    return moment


@pytest.fixture
def parent() -> Iterator[Any]:
    """A consumer of the text queue, on a broker in memory."""
    app = Celery()
    app.conf.task_queues = [Queue(KIND, routing_key=KIND)]
    with Connection("memory://") as connection:
        channel = connection.channel()
        consumer = Consumer(channel, list(app.amqp.queues.consume_from.values()))
        consumer.consume()
        yield SimpleNamespace(app=app, task_consumer=consumer, pool=Pool(), connection=connection)


@pytest.fixture
def turns(parent: Any, now: list[float]) -> Turns:
    made = Turns(parent)
    made.start(parent)
    assert now
    return made


def since() -> float:
    turned = HEART.since_turn(KIND)
    assert turned is not None
    return turned


def receive(parent: Any) -> None:
    parent.connection.drain_events(timeout=1)
    for step in parent.pool.given:
        step()


def test_a_probe_that_comes_through_is_a_turn(turns: Turns, parent: Any, now: list[float]) -> None:
    now[0] += IDLE
    turns.look(parent)
    assert since() == IDLE

    receive(parent)

    assert since() == 0


def test_none_is_sent_to_who_was_given_something(
    turns: Turns, parent: Any, now: list[float]
) -> None:
    now[0] += IDLE - 1

    turns.look(parent)

    with pytest.raises(TimeoutError):
        parent.connection.drain_events(timeout=0.1)


def test_a_probe_says_nothing_of_a_queue_that_is_not_consumed(
    turns: Turns, parent: Any, now: list[float]
) -> None:
    parent.task_consumer.cancel_by_queue(KIND)
    now[0] += IDLE
    turns.look(parent)

    receive(parent)

    assert since() == IDLE


def test_a_pool_that_never_takes_it_does_not_turn(
    turns: Turns, parent: Any, now: list[float]
) -> None:
    now[0] += IDLE
    turns.look(parent)

    parent.connection.drain_events(timeout=1)

    assert parent.pool.given
    assert since() == IDLE


def test_a_full_pool_is_at_work(
    turns: Turns, parent: Any, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "reserved_requests", {"a message under way"})
    now[0] += IDLE

    turns.look(parent)

    assert since() == 0


def test_it_looks_from_the_loop_that_consumes_and_no_more_once_that_ends(
    turns: Turns, parent: Any
) -> None:
    hub = Hub()
    turns.register_with_event_loop(parent, hub)
    turns.register_with_event_loop(parent, hub)
    entries = [entry for _, _, entry in hub.timer.queue if not entry.canceled]
    assert [entry.fun.__name__ for entry in entries] == ["look"]

    turns.stop(parent)

    assert all(entry.canceled for _, _, entry in hub.timer.queue)


def test_whatever_comes_as_a_probe_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    key = f"{KIND}{TURNS}host.1".encode()
    monkeypatch.setattr(
        "kombu.transport.redis.PrefixedStrictRedis.parse_response", lambda *_, **__: (key, b"{")
    )

    _, message = GuardedRedis().parse_response(None, "BRPOP")

    assert b'"delivery_tag"' in message
