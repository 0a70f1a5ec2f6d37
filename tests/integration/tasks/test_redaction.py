"""What the application itself publishes tells nobody about anybody."""

import json
from base64 import b64decode
from collections.abc import Iterator

import pytest
from celery import Celery
from redis import Redis
from structlog.testing import capture_logs

from tasks.redaction import HIDDEN, RedactingCelery, RedactingTask, TaskFailed

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
    event, message = published_by(RedactingCelery, broker, broker_url)

    assert "task-sent" in event
    assert HIDDEN in event
    assert CANARY not in event
    assert json.loads(message.partition("[[")[0])["headers"]["kwargsrepr"] == HIDDEN


def test_the_text_of_an_error_stays_inside(broker_url: str) -> None:
    app = RedactingCelery("test", task_cls=RedactingTask, broker=broker_url, set_as_current=False)

    @app.task(name="test.breaks")
    def breaks(*, target: str) -> None:
        raise ValueError(f"no such number: {target}")

    with capture_logs() as logs, pytest.raises(TaskFailed) as failed:
        breaks(target=CANARY)
    app.close()

    assert str(failed.value).startswith(f"ValueError at {__file__}:")
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    assert [entry["error"] for entry in logs] == ["ValueError"]
    assert CANARY not in str(failed.value) + str(logs)
