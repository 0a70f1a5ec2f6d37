"""The ground gives way under the doors: nothing that came in is lost or doubled, no process dies."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from uuid import uuid4

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from tests.doors import QUEUE_KEY, STREAM, TRIGGER_STREAM, WORKER, envelope, running, settings
from tests.factories import make_batch
from tests.fixtures.ground import Ground
from tests.fixtures.house import run_python
from tests.sessions import eventually
from worker.desk.dead_letters import list_dead_letters
from worker.local.ports import free_port

pytestmark = [
    pytest.mark.turn(2),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]

DEADLINE = 90.0
API = ("-m", "worker.api")
WEBHOOKS = ("-m", "tasks.webhooks")
OF_EACH_DOOR = 5
# Large enough that each needs pages of its own, whatever room there is in the tables.
LARGE = {"story": "".join(str(uuid4()) for _ in range(200))}

WAYS: dict[str, Callable[[Ground], AbstractContextManager[None]]] = {
    "read-only": Ground.read_only,
    "out of connections": Ground.no_connections,
    "shut down": Ground.shut_down,
    "disk full": Ground.full_disk,
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@pytest.fixture
def environment(
    ground: Ground,
    database_url: str,
    broker_url: str,
    state_dir: Path,
) -> dict[str, str]:
    """What the processes run with."""
    port = {"API_PORT": str(free_port()), "WEBHOOK_SECRET": "whsec_" + "QUFB" * 8}
    return settings(database_url, broker_url, state_dir) | port


@pytest.fixture
def broker(broker_url: str) -> Iterator[Redis]:
    """A foreign producer's connection."""
    with Redis.from_url(broker_url, protocol=2) as client:
        yield client


def add(reference: str) -> dict[str, object]:
    """A message's payload: one request of its own."""
    person = {"reference_id": reference, "target": f"+1512555{1000 + int(reference):04}"}
    return {"batch_id": "B", "requests": [{**person, "request_variables": LARGE}]}


def requests(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.scalar(text("SELECT count(*) FROM communication_request")) or 0


@pytest.mark.sampled
@EVERY_WAY
def test_messages_wait_and_take_effect_once(
    ground: Ground,
    engine: Engine,
    broker: Redis,
    environment: dict[str, str],
    tmp_path: Path,
    way: Callable[[Ground], AbstractContextManager[None]],
) -> None:
    make_batch(engine, batch_id="B")
    engine.dispose()
    output = tmp_path / "output"

    def waited(*words: str) -> bool:
        said = output.read_text(encoding="utf-8")
        return all(word in said for word in words)

    with ExitStack() as house:
        doors = [
            house.enter_context(running(one, environment, output))
            for one in (WORKER, STREAM, WEBHOOKS)
        ]
        eventually(lambda: waited("stream_ready", "webhooks_ready", " ready."), DEADLINE)
        with way(ground):
            for number in range(OF_EACH_DOOR):
                on_queue, in_stream = add(str(number)), add(str(number + OF_EACH_DOOR))
                message = envelope("outreach.add_requests", on_queue)
                broker.lpush(QUEUE_KEY, json.dumps(message))
                entry: dict[Any, Any] = {
                    "name": "outreach.add_requests",
                    "payload": json.dumps(in_stream),
                }
                broker.xadd(TRIGGER_STREAM, entry)
            eventually(lambda: waited("not_taken_yet", "entry_waits"), DEADLINE)
        eventually(lambda: requests(engine) == 2 * OF_EACH_DOOR, DEADLINE)
        assert [door.poll() for door in doors] == [None] * len(doors)
    assert list_dead_letters(engine) == []


def full(broker: Redis) -> None:
    """No memory is left: it gives what it has, and takes nothing."""
    broker.config_set("maxmemory", 1)


def replica(broker: Redis) -> None:
    """Another server was made the primary: it neither gives nor takes."""
    broker.replicaof("127.0.0.1", "1")


@pytest.fixture
def healed(broker: Redis) -> Iterator[Callable[[], None]]:
    """Gives the broker its ground back, in the end at the latest."""

    def heal() -> None:
        broker.replicaof("NO", "ONE")
        broker.config_set("maxmemory", 0)

    yield heal
    heal()


@pytest.mark.sampled
@pytest.mark.parametrize("give_way", [full, replica])
def test_messages_outlive_a_broker_that_takes_nothing(
    ground: Ground,
    engine: Engine,
    broker: Redis,
    healed: Callable[[], None],
    environment: dict[str, str],
    tmp_path: Path,
    give_way: Callable[[Redis], None],
) -> None:
    make_batch(engine, batch_id="B")
    engine.dispose()
    output = tmp_path / "output"

    def said(*words: str) -> bool:
        written = output.read_text(encoding="utf-8")
        return all(word in written for word in words)

    with ExitStack() as house:
        doors = [house.enter_context(running(one, environment, output)) for one in (WORKER, STREAM)]
        eventually(lambda: said("stream_ready", " ready."), DEADLINE)
        with ground.read_only():  # so that most of them are in the broker still when it gives way
            for number in range(2 * OF_EACH_DOOR):
                message = envelope("outreach.add_requests", add(str(number)))
                broker.lpush(QUEUE_KEY, json.dumps(message))
            eventually(lambda: said("not_taken_yet"), DEADLINE)
            give_way(broker)
        wait = "message_not_noted" if give_way is full else "Connection to broker lost"
        eventually(lambda: said(wait), DEADLINE)
        healed()
        eventually(lambda: requests(engine) == 2 * OF_EACH_DOOR, DEADLINE)
        assert [door.poll() for door in doors] == [None] * len(doors)
    assert list_dead_letters(engine) == []
    assert "Traceback" not in output.read_text(encoding="utf-8")


def status(environment: dict[str, str], path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{environment['API_PORT']}{path}", timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except URLError:
        return 0


@pytest.mark.sampled
@EVERY_WAY
def test_whoever_asks_whether_all_is_well_is_told(
    ground: Ground,
    environment: dict[str, str],
    tmp_path: Path,
    way: Callable[[Ground], AbstractContextManager[None]],
) -> None:
    with running(API, environment, tmp_path / "output") as api:
        eventually(lambda: status(environment, "/health/ready") == 200, DEADLINE)
        with way(ground):
            assert status(environment, "/health/ready") == 503
            assert status(environment, "/health/live") == 200
            said = run_python("-m", "worker.cli.main", "doctor", env=environment)
            assert said.returncode == 1
            assert "FAIL" in said.stdout
            told = run_python(
                *("-m", "worker.cli.main", "suppress", "add", "--channel", "voice", "+15125550100"),
                env=environment,
            )
            assert "Traceback" not in said.stderr + told.stderr
        eventually(lambda: status(environment, "/health/ready") == 200, DEADLINE)
        assert api.poll() is None
