"""Messages of every shape against a real worker and a real broker: none stops it, none vanishes."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.client import PubSub
from sqlalchemy import Engine, text

from tests.doors import QUEUE_KEY, WORKER, envelope, running, settings, shapes
from tests.factories import make_batch
from tests.sessions import eventually

CANARY = "+15125550188"
DEADLINE = 90.0

pytestmark = [
    pytest.mark.turn(1),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """What the processes write."""
    return tmp_path / "output"


@pytest.fixture
def environment(database_url: str, broker_url: str, state_dir: Path) -> dict[str, str]:
    """What the processes run with."""
    return settings(database_url, broker_url, state_dir)


@pytest.fixture
def broker(broker_url: str) -> Iterator[Redis]:
    """A foreign producer's connection."""
    with Redis.from_url(broker_url) as client:
        yield client


def test_no_message_of_any_shape_stops_the_worker_or_vanishes(
    engine: Engine, broker: Redis, environment: dict[str, str], output: Path
) -> None:
    make_batch(engine, batch_id="B")
    add = {"batch_id": "B", "requests": [{"reference_id": "1", "target": CANARY}]}
    corpus = shapes("outreach.add_requests", add)
    fit = sum(accepted for _, accepted in corpus.values())

    with running(WORKER, environment, output) as worker:
        for message, _ in corpus.values():
            broker.lpush(QUEUE_KEY, message)
        last = envelope("outreach.delete_batch", {"batch_id": "B", "deleted_reason": "enough"})
        eventually(lambda: _count(engine, "dead_letter") == len(corpus) - fit, DEADLINE)
        # Taken, all of them: in a batch that is deleted before, one that waits is a dead letter.
        eventually(lambda: _count(engine, "message") == fit, DEADLINE)
        broker.lpush(QUEUE_KEY, json.dumps(last))
        eventually(lambda: _count(engine, "message") == fit + 1, DEADLINE)
        assert worker.poll() is None
        assert broker.llen(QUEUE_KEY) == 0

    assert _count(engine, "communication_request") == 1
    said = output.read_text(encoding="utf-8")
    assert "message_buried" in said
    assert "Connection to broker lost" not in said
    assert CANARY not in said
    assert CANARY[2:] not in said


def test_a_person_in_a_foreign_message_is_in_no_event_and_no_log(
    engine: Engine, broker: Redis, environment: dict[str, str], output: Path
) -> None:
    make_batch(engine, batch_id="B")
    add = {"batch_id": "B", "requests": [{"reference_id": CANARY, "target": CANARY}]}
    unfit = add | {CANARY: CANARY}
    events: list[bytes] = []

    with running(WORKER, environment, output), PubSub(broker.connection_pool) as listener:
        listener.psubscribe("*")
        for payload in (add, unfit):
            broker.lpush(QUEUE_KEY, json.dumps(_everywhere("outreach.add_requests", payload)))
        broker.lpush(QUEUE_KEY, json.dumps(_everywhere(CANARY, add)))
        eventually(lambda: _count(engine, "message") == 1, DEADLINE)
        eventually(lambda: _count(engine, "dead_letter") == 2, DEADLINE)
        eventually(lambda: _heard(listener, events).count(b"task-succeeded") == 3, DEADLINE)

    heard = _heard(None, events)
    assert heard.count(b"task-received") == 3
    assert CANARY[1:].encode() not in heard
    assert CANARY[1:] not in output.read_text(encoding="utf-8")


def _everywhere(task: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A message with the person in every header and property that Celery might show."""
    good = envelope(task, payload)
    names = ("shadow", "argsrepr", "kwargsrepr", "origin", "root_id", "parent_id", "group", "note")
    about = ("correlation_id", "reply_to", "note")
    return good | {
        "headers": good["headers"]
        | dict.fromkeys(names, CANARY)
        | {"id": f"{CANARY} {sorted(payload)} {task}"},
        "properties": good["properties"] | dict.fromkeys(about, CANARY),
    }


def _heard(listener: PubSub | None, events: list[bytes]) -> bytes:
    """Everything published so far, bodies decoded."""
    while listener and (event := listener.get_message(ignore_subscribe_messages=True)):
        outer = json.loads(event["data"])
        events += [event["data"], b64decode(outer["body"])]
    return b"".join(events)


def _count(engine: Engine, table: str) -> int:
    with engine.begin() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608  ours
