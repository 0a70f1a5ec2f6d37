"""Another database takes the place of a worker's own, which holds answers of calls it has placed."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, select, text

from tests.acceptance.test_failover import SCHEDULER, VOICE
from tests.doors import running, settings
from tests.factories import ANA, make_batch, make_request
from tests.fixtures.house import run_python
from tests.fixtures.sandbox import Sandbox
from tests.fixtures.standby import Pair
from tests.sessions import eventually
from worker.desk.batches import resume_batch
from worker.desk.dead_letters import list_dead_letters
from worker.dispatch.data_loss import UNKNOWN_ATTEMPT
from worker.dispatch.halt import halts_in_force
from worker.domain.statuses import AttemptState
from worker.store import schema
from worker.store.connect import connect
from worker.store.migrate import upgrade

pytestmark = pytest.mark.turn(2)

DEADLINE = 120.0
CALLS = 3


@pytest.fixture
def engine(pair: Pair) -> Iterator[Engine]:
    """An operator's connection, which follows the address."""
    upgrade(pair.url)
    made = connect(pair.url)
    yield made
    made.dispose()


@pytest.fixture
def environment(pair: Pair, broker_url: str, sandbox: Sandbox, state_dir: Path) -> dict[str, str]:
    """What the processes run with; the provider thinks for as long as a lock takes to be had."""
    sandbox.change(latency_ms=1000, callbacks=False)
    return settings(pair.url, broker_url, state_dir) | {
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "TWILIO_API_URL": sandbox.url,
    }


def test_what_it_holds_is_recorded_once_an_operator_has_accepted_it(
    pair: Pair,
    engine: Engine,
    environment: dict[str, str],
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    make_calls(engine)
    with calling(engine, environment, tmp_path) as held:
        pair.standby.catch_up()
        with unanswered(pair, engine, held):
            assert attempts(engine) == {AttemptState.SENDING: set()}
        accept(environment)
        eventually(lambda: attempts(engine).keys() == {AttemptState.ACCEPTED}, DEADLINE)

    placed = sandbox.ledger()
    assert attempts(engine) == {AttemptState.ACCEPTED: {call["sid"] for call in placed}}
    assert len(placed) == len({call["token"] for call in placed}) == CALLS
    assert halts_in_force(engine) == []
    assert list_dead_letters(engine) == []


def test_what_it_holds_of_calls_that_are_forgotten_is_kept_whole_and_halts_everything(
    pair: Pair,
    engine: Engine,
    environment: dict[str, str],
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    requests = make_calls(engine)
    pair.standby.catch_up()
    pair.standby.cut_off()
    with calling(engine, environment, tmp_path) as held:
        with unanswered(pair, engine, held):
            assert attempts(engine) == {}
            resume_batch(engine, "B", by=ANA)
        accept(environment)
        eventually(lambda: len(list_dead_letters(engine)) == CALLS, DEADLINE)

    placed = sandbox.ledger()
    letters = list_dead_letters(engine)
    told: list[dict[str, Any]] = [json.loads(one.payload) for one in letters]
    assert {one.reason for one in letters} == {UNKNOWN_ATTEMPT}
    assert {one["request"] for one in told} == set(requests)
    assert {one["sid"] for one in told} == {call["sid"] for call in placed}
    assert len(placed) == CALLS
    assert [halt.scope for halt in halts_in_force(engine)] == ["all"]


def make_calls(engine: Engine) -> list[int]:
    batch = make_batch(engine, batch_id="B", paused=True)
    return [make_request(engine, batch=batch) for _ in range(CALLS)]


@contextmanager
def calling(
    engine: Engine, environment: dict[str, str], folder: Path
) -> Iterator[Callable[[], bool]]:
    """A house that calls; gives whether its worker has said that it holds answers."""
    output = folder / "voice"

    def said(word: str) -> bool:
        return word in output.read_text(encoding="utf-8")

    with (
        running(VOICE, environment, output),
        running(SCHEDULER, environment, folder / "scheduler"),
    ):
        eventually(partial(said, " ready."), DEADLINE)
        resume_batch(engine, "B", by=ANA)
        eventually(lambda: begun(engine) == CALLS, DEADLINE)
        yield partial(said, "store_waited_for")


@contextmanager
def unanswered(pair: Pair, engine: Engine, held: Callable[[], bool]) -> Iterator[None]:
    """The primary records no answer to what has begun, and dies of it."""
    with closing(psycopg.connect(pair.primary.url)) as lock:
        lock.execute("LOCK TABLE attempt IN SHARE MODE")
        eventually(held, DEADLINE)
        pair.fail_over()
    engine.dispose()
    yield


def begun(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.scalar(text("SELECT count(*) FROM attempt")) or 0


def attempts(engine: Engine) -> dict[AttemptState, set[str]]:
    """The sids that are known, by state."""
    found: dict[AttemptState, set[str]] = {}
    with engine.begin() as connection:
        for state, sid in connection.execute(select(schema.attempt.c.state, schema.attempt.c.sid)):
            found.setdefault(AttemptState(state), set()).update({sid} - {None})
    return found


def accept(environment: dict[str, str]) -> None:
    """An operator has looked."""
    done = run_python("-m", "worker.cli.main", "resume", "--after-restore", env=environment)
    assert done.returncode == 0, done.stderr
