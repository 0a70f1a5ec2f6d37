"""A message of a transport that has no guard of its own, as RabbitMQ's has none."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from celery.bootsteps import Blueprint
from kombu.asynchronous import Hub

from tasks.guard import GuardedConsumer, make_fit
from worker.domain.contract.message_ids import to_stored_id
from worker.heartbeat import HEART

PERSON = "+15125550188"
TASK = "outreach.dispatch_batch"
BODY = json.dumps([[], {"batch_id": "B"}, {}]).encode()


def _message(**changes: Any) -> SimpleNamespace:
    parts: dict[str, Any] = {
        "headers": {"task": TASK, "id": PERSON, "shadow": PERSON},
        "properties": {"correlation_id": PERSON},
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "body": BODY,
        "errors": [],
        "_decoded_cache": None,
    }
    return SimpleNamespace(**parts | changes)


@pytest.mark.parametrize(
    "body", [BODY, BODY.decode(), memoryview(BODY)], ids=["bytes", "text", "view"]
)
def test_a_fit_message_keeps_its_task_and_arguments_alone(body: Any) -> None:
    message = _message(body=body)

    make_fit(message)

    assert (message.headers["task"], message.headers["id"]) == (TASK, to_stored_id(PERSON))
    assert json.loads(message.body) == [[], {"batch_id": "B"}, {}]
    assert PERSON not in str(vars(message))


UNFIT: dict[str, dict[str, Any]] = {
    "headers that are none": {"headers": None},
    "no body": {"body": None},
    "pickle": {"content_type": "application/x-python-serialize"},
    "an unknown task": {"headers": {"task": "celery.map", "id": "1"}},
    "what kombu could not decompress": {"errors": ["zlib"]},
    "headers with a value JSON has not": {"headers": {"task": object()}},
}


@pytest.mark.parametrize("changes", UNFIT.values(), ids=UNFIT)
def test_an_unfit_message_becomes_the_call_that_keeps_it(changes: dict[str, Any]) -> None:
    message = _message(**changes)

    make_fit(message)

    assert message.headers["task"] == "outreach.keep_dead_letter"
    assert message.content_type == "application/json"
    assert not message.errors
    whole = json.loads(json.loads(message.body)[1]["whole"])
    assert whole["properties"] == {"correlation_id": PERSON}


def test_a_worker_is_alive_as_long_as_the_loop_that_consumes_turns() -> None:
    consumer, hub = GuardedConsumer.__new__(GuardedConsumer), Hub()
    vars(consumer).update(blueprint=Blueprint(), steps=[])

    consumer.register_with_event_loop(hub)

    assert HEART.beat in hub.on_tick
