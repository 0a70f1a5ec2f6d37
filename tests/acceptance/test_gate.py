"""No process starts on a memory of the database that can't be read: one sentence, and it is gone."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.doors import STREAM, WORKER, settings
from tests.factories import make_batch
from tests.fixtures.house import run_python

pytestmark = [
    pytest.mark.turn(1),
    pytest.mark.usefixtures("durable"),
]

KINDS = {
    "scheduler": ("-m", "tasks.scheduler"),
    "a Celery worker": WORKER,
    "stream": STREAM,
    "webhooks": ("-m", "tasks.webhooks"),
    "web": ("-m", "worker.web"),
    "api": ("-m", "worker.api"),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_process_is_refused_with_one_sentence(
    kind: tuple[str, ...], database_url: str, broker_url: str, state_dir: Path
) -> None:
    state_dir.mkdir()
    (state_dir / "database.json").write_text('{"system": "7', encoding="utf-8")

    done = run_python(*kind, env=settings(database_url, broker_url, state_dir), seconds=120)

    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    [refused] = [one["why"] for one in events if one["event"] == "refused_to_start"]
    assert "database.json (STATE_DIR), where the database is remembered, is damaged" in refused
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (3, False)


def test_a_command_that_speaks_with_a_provider_is_refused_too(
    engine: Engine, database_url: str, broker_url: str, state_dir: Path
) -> None:
    make_batch(engine, batch_id="B")
    state_dir.touch()
    pause = ("-m", "worker.cli.main", "batch", "pause", "B", "--wait")

    done = run_python(*pause, env=settings(database_url, broker_url, state_dir), seconds=120)

    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "where the database is remembered, can't be read (NotADirectoryError)" in sentence
