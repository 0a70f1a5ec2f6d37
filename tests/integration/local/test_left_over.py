"""What a demo that was killed leaves behind misleads neither the next one nor a command."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.sessions import eventually
from worker.local.environment import MARK
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.local.processes import end_left_over
from worker.local.valkey import EmbeddedValkey


@pytest.fixture
def sleeper() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that would run for ever; they end with the test."""
    made: list[subprocess.Popen[bytes]] = []
    yield made
    for one in made:
        one.kill()
        one.wait()


def start(state_dir: Path) -> subprocess.Popen[bytes]:
    """One that a house of this folder has started."""
    command = [sys.executable, "-c", "import signal; print(flush=True); signal.pause()"]
    carried = {"STATE_DIR": str(state_dir), MARK: "0" * 16, "PATH": os.defpath}
    started = subprocess.Popen(command, env=carried, stdout=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()
    started.stdout.close()
    return started


def test_what_a_killed_house_left_is_ended_and_what_another_runs_is_not(
    tmp_path: Path, sleeper: list[subprocess.Popen[bytes]]
) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "run.env").touch()
    left, other = start(tmp_path / "ours"), start(tmp_path / "other")
    sleeper += [left, other]
    valkey = EmbeddedValkey(tmp_path / "ours" / "valkey")
    valkey.start()

    end_left_over(tmp_path / "ours")

    assert left.wait(30) < 0
    eventually(lambda: not _answers(valkey.pid))
    valkey.stop()
    assert other.poll() is None
    assert not (tmp_path / "ours" / "run.env").exists()


def _answers(pid: int) -> bool:
    """Whether it runs, and is not just waiting to be reaped."""
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_server_that_was_left_running_gives_way_to_the_next(tmp_path: Path) -> None:
    left = EmbeddedPostgres(tmp_path / "postgres", fresh=True)
    left.start()
    pid = left.pid

    with running_postgres(tmp_path / "postgres", fresh=True) as server:
        assert not Path(f"/proc/{pid}").exists()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
