"""Options that are safe together: the broker may lose a message and must not repeat one."""

import pytest

from config.celery import options
from config.names import Names
from config.queues import DELIVERY_TASKS, ROUTES, Queue, TaskName

REDIS = "redis://127.0.0.1:6379/0"
SAFE = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_accept_content": ["json"],
    "result_backend": None,
    "task_ignore_result": True,
    "task_acks_late": False,
    "task_reject_on_worker_lost": False,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "task_create_missing_queues": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "enable_utc": True,
    "timezone": "UTC",
}


@pytest.mark.parametrize(("name", "value"), SAFE.items(), ids=SAFE)
def test_an_option_is_safe(name: str, value: object) -> None:
    assert options(REDIS, Names())[name] == value


def test_nothing_repeats_a_task() -> None:
    chosen = options(REDIS, Names())

    assert not [name for name in chosen if "autoretry" in name or name == "task_annotations"]
    assert chosen["broker_transport_options"]["visibility_timeout"] >= 3600


@pytest.mark.parametrize("option", ["socket_timeout", "socket_connect_timeout"])
def test_a_dead_broker_hangs_nobody(option: str) -> None:
    assert options(REDIS, Names())["broker_transport_options"][option] <= 10


def test_another_broker_confirms_what_it_takes() -> None:
    transport = options("amqp://127.0.0.1", Names(prefixed=False))["broker_transport_options"]

    assert transport == {"confirm_publish": True}


def test_every_task_has_a_route_to_a_queue() -> None:
    assert set(ROUTES) == set(TaskName)
    assert set(ROUTES.values()) == set(Queue)
    assert options(REDIS, Names())["task_routes"] == {
        name.value: {"queue": ROUTES[name].value} for name in TaskName
    }


def test_each_channel_has_a_delivery_task_on_its_own_queue() -> None:
    assert {channel: ROUTES[task].value for channel, task in DELIVERY_TASKS.items()} == {
        "voice": "voice",
        "sms": "sms",
        "email": "email",
    }
