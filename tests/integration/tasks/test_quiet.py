"""What the application itself publishes tells nobody about anybody."""

import json
from base64 import b64decode
from collections.abc import Iterator

import pytest
from celery import Celery
from redis import Redis

from tasks.quiet import HIDDEN, QuietCelery

CANARY = "+15125558437"


@pytest.fixture
def broker(broker_url: str) -> Iterator[Redis]:
    with Redis.from_url(broker_url) as client:
        yield client


def published_by(application: type[Celery], broker: Redis, broker_url: str) -> tuple[str, str]:
    """The `task-sent` event of a message, and the headers it travels with."""
    app = application("test", broker=broker_url, set_as_current=False)
    app.conf.task_send_sent_event = True
    with broker.pubsub(ignore_subscribe_messages=True) as listener:  # type: ignore[no-untyped-call]
        listener.psubscribe("*")
        listener.get_message(timeout=5)
        app.send_task("test.task", kwargs={"target": CANARY}, queue="quiet")
        heard = [message["data"] for message in iter(lambda: listener.get_message(timeout=2), None)]
        waiting = broker.lpop("quiet")
    app.close()
    assert isinstance(waiting, bytes)
    return "\n".join(map(opened, heard)), opened(waiting)


def opened(message: bytes) -> str:
    """A message as the wire has it, and what its body says."""
    return message.decode() + b64decode(json.loads(message)["body"]).decode()


def test_arguments_stay_out_of_the_event_and_the_headers(broker: Redis, broker_url: str) -> None:
    event, message = published_by(QuietCelery, broker, broker_url)

    assert "task-sent" in event
    assert HIDDEN in event
    assert CANARY not in event
    assert json.loads(message.partition("[[")[0])["headers"]["kwargsrepr"] == HIDDEN
