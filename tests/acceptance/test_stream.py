"""The durable door: what is in the stream takes effect once, also when a reader dies at the worst moment."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from tests.doors import STREAM, TRIGGER_GROUP, TRIGGER_STREAM, running, settings
from tests.factories import make_batch, make_campaign
from tests.sessions import eventually
from worker.desk.batches import show_batch, update_batch
from worker.desk.dead_letters import list_dead_letters
from worker.desk.messages import Taken, accept
from worker.domain.statuses import Channel
from worker.store.connect import connect

DEADLINE = 90.0
REQUESTS = {"batch_id": "B", "requests": [{"reference_id": "1", "target": "+15125550188"}]}

pytestmark = [
    pytest.mark.turn(0),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]


@pytest.fixture
def broker(broker_url: str) -> Iterator[Redis]:
    """A foreign producer's connection."""
    with Redis.from_url(broker_url, protocol=2) as client:
        yield client


@pytest.fixture
def environment(database_url: str, broker_url: str, state_dir: Path) -> dict[str, str]:
    """What the readers run with."""
    return settings(database_url, broker_url, state_dir)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """What the readers write."""
    return tmp_path / "output"


def _append(broker: Redis, name: str, payload: object, **fields: str) -> None:
    said: dict[Any, Any] = {"name": name, "payload": json.dumps(payload)}
    broker.xadd(TRIGGER_STREAM, said | fields)


def test_entries_take_effect_once_or_are_kept_and_are_gone_then(
    engine: Engine, broker: Redis, environment: dict[str, str], output: Path
) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS)
    with running(STREAM, environment, output) as reader:
        _append(broker, "outreach.create_batch", {"batch_id": "B", "campaign_id": campaign}, id="1")
        _append(broker, "outreach.add_requests", REQUESTS, id="2")
        _append(broker, "outreach.add_requests", REQUESTS | {"batch_id": "X"}, id="2")
        _append(broker, "outreach.add_requests", REQUESTS | {"batch_id": "X"})
        broker.xadd(TRIGGER_STREAM, {"name": "outreach.add_requests", "payload": "{"})
        broker.xadd(TRIGGER_STREAM, {"hello": b"\xff\x00"})
        _append(broker, "outreach.add_requests", REQUESTS, extra="field")
        _append(broker, "outreach.+15125550188", {}, id="+15125550188")
        eventually(lambda: len(list_dead_letters(engine)) == 6, DEADLINE)
        eventually(lambda: broker.xlen(TRIGGER_STREAM) == 0, DEADLINE)
        broker.flushall()
        _append(broker, "outreach.update_batch", {"batch_id": "B", "paused": True})
        eventually(lambda: show_batch(engine, "B").facts.paused, DEADLINE)
        assert reader.poll() is None

    assert show_batch(engine, "B").total == 1
    assert "5550188" not in output.read_text(encoding="utf-8")


def test_a_reader_killed_between_reading_and_acknowledging_loses_nothing(
    engine: Engine, broker: Redis, environment: dict[str, str], output: Path
) -> None:
    make_batch(engine, campaign=make_campaign(engine, channel=Channel.SMS), batch_id="B")
    _append(broker, "outreach.add_requests", REQUESTS)

    # A patient session: a worker's own may not idle while it holds locks.
    patient = connect(environment["DATABASE_URL"], guarded=False)
    with patient.connect() as blocker, running(STREAM, environment, output) as first:
        blocker.execute(text("LOCK TABLE message IN ACCESS EXCLUSIVE MODE"))
        eventually(lambda: _pending(broker) == 1 and _blocked(engine), DEADLINE)
        first.kill()
        first.wait()
        assert broker.xlen(TRIGGER_STREAM) == 1
    patient.dispose()

    with running(STREAM, environment, output):
        eventually(lambda: show_batch(engine, "B").total == 1, DEADLINE)
        eventually(lambda: broker.xlen(TRIGGER_STREAM) == 0, DEADLINE)
    assert _pending(broker) == 0


def test_an_entry_whose_reader_died_after_the_commit_changes_nothing_more(
    engine: Engine, broker: Redis, environment: dict[str, str], output: Path
) -> None:
    make_batch(engine, campaign=make_campaign(engine, channel=Channel.SMS), batch_id="B")
    broker.xgroup_create(TRIGGER_STREAM, TRIGGER_GROUP, id="0", mkstream=True)
    _append(broker, "outreach.add_requests", REQUESTS)
    read: Any = broker.xreadgroup(TRIGGER_GROUP, "it died", {TRIGGER_STREAM: ">"})
    [[_, [[number, _]]]] = read
    committed = accept(engine, "outreach.add_requests", f"stream-{number.decode()}", REQUESTS)
    assert committed == Taken(fresh=True)
    update_batch(engine, "B", {"call_rate": 60}, by="ana@example.com")

    with running(STREAM, environment, output):
        eventually(lambda: broker.xlen(TRIGGER_STREAM) == 0, DEADLINE)

    assert '"fresh": false' in output.read_text(encoding="utf-8")
    assert show_batch(engine, "B").facts.last_updated_by == "ana@example.com"
    assert _pending(broker) == 0


def _pending(broker: Redis) -> int:
    if not broker.exists(TRIGGER_STREAM):
        return 0
    groups = broker.xinfo_groups(TRIGGER_STREAM)
    return int(groups[0]["pending"]) if groups else 0


def _blocked(engine: Engine) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with engine.begin() as connection:
        return bool(connection.scalar(text(query)))
