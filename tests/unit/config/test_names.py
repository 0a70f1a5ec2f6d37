"""What is ours on a broker: as ever without a NAMESPACE, and apart from everybody's with one."""

import pytest

from config.celery import options
from config.names import Names
from config.queues import Queue

REDIS, RABBIT = "redis://127.0.0.1:6379/0", "amqp://127.0.0.1"
OURS, THEIRS = Names(), Names("theirs")


def test_without_a_namespace_everything_is_called_as_ever() -> None:
    assert (OURS.prefix, OURS.stream, OURS.group) == ("outreach:", "outreach:triggers", "outreach")
    assert (OURS.memory, OURS.limits) == ("outreach:database", "outreach:limit:")
    for prefixed in (True, False):
        names = Names(prefixed=prefixed)
        assert (names.queue("voice"), names.worker("voice")) == ("voice", "voice")
        assert names.exchange("celery") == "celery"


@pytest.mark.parametrize("name", ["prefix", "stream", "group", "memory", "limits"])
def test_no_key_is_shared(name: str) -> None:
    assert getattr(OURS, name) != getattr(THEIRS, name)
    assert getattr(THEIRS, name).startswith("theirs")


def test_nor_is_a_worker_s_name() -> None:
    assert THEIRS.worker("voice") == "theirs-voice"


@pytest.mark.parametrize("option", ["control_exchange", "event_exchange", "event_queue_prefix"])
def test_workers_of_two_deployments_do_not_hear_each_other(option: str) -> None:
    for url, prefixed in ((REDIS, True), (RABBIT, False)):
        ours, theirs = (options(url, Names(one, prefixed)) for one in ("outreach", "theirs"))
        assert ours[option] != theirs[option]


def test_on_redis_the_prefix_keeps_queues_apart() -> None:
    made = options(REDIS, THEIRS)

    assert made["broker_transport_options"]["global_keyprefix"] == "theirs:"
    assert {route["queue"] for route in made["task_routes"].values()} == set(Queue)


def test_where_nothing_is_prefixed_the_queue_carries_the_namespace() -> None:
    made = options(RABBIT, Names("theirs", prefixed=False))

    assert made["task_default_queue"] == "theirs.messages"
    assert {route["queue"] for route in made["task_routes"].values()} == {
        f"theirs.{queue}" for queue in Queue
    }
