"""A run of tests or of a program of theirs that is ended, by whom and however, leaves no process behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.fixtures.house import DEADLINE, ROOT, wait_until

pytestmark = pytest.mark.turn(2)

UNENDING = "tests/acceptance/unending.py"


@contextmanager
def unending(told: Path, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    """A run whose test has begun, with servers and a process that ignores SIGTERM."""
    (told / "temp").mkdir()
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-n", str(workers), UNENDING],
        cwd=ROOT,
        env=os.environ | {"UNENDING": str(told), "PYTEST_DEBUG_TEMPROOT": str(told / "temp")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until((told / "pids").exists)
        yield run
    finally:
        run.kill()
        run.wait()


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("sent", "workers", "to_worker", "code"),
    [
        pytest.param(signal.SIGTERM, 1, False, pytest.ExitCode.INTERRUPTED, id="SIGTERM"),
        pytest.param(signal.SIGINT, 0, False, pytest.ExitCode.INTERRUPTED, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, 1, True, pytest.ExitCode.TESTS_FAILED, id="to the worker"),
    ],
)
def test_a_run_that_is_ended_leaves_no_process(
    tmp_path: Path, sent: signal.Signals, workers: int, to_worker: bool, code: int
) -> None:
    with unending(tmp_path, workers) as run:
        processes = [int(pid) for pid in (tmp_path / "pids").read_text("ascii").split()]
        assert len(processes) >= 4
        os.kill(processes[0] if to_worker else run.pid, sent)
        assert run.wait(DEADLINE) == code
        assert [pid for pid in processes if psutil.pid_exists(pid)] == []


@contextmanager
def program(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the tests, in a folder that holds somebody's settings."""
    (folder / ".env").write_text("DATABASE_URL=postgresql://production.example.com/outreach\n")
    temporary = Path(tempfile.mkdtemp(prefix="outreach-ended-", dir="/tmp"))
    temporary.chmod(0o755)  # PostgreSQL runs as nobody where we are root
    run = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield run
    finally:
        run.kill()
        run.wait()
        shutil.rmtree(temporary, ignore_errors=True)


def started(run: subprocess.Popen[bytes]) -> dict[int, str]:
    """What has been started by it, and what by that, with its name."""
    found: dict[int, str] = {}
    for one in psutil.Process(run.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found[one.pid] = one.name()
    return found


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (("tests.acceptance.chaos", "--n", "60"), signal.SIGKILL),
        (("tests.acceptance.chaos", "--n", "60"), signal.SIGTERM),
        (("tests.prove.callers", "--n", "60"), signal.SIGKILL),
        (("tests.prove.callers", "--n", "60"), signal.SIGTERM),
    ],
    ids=lambda given: getattr(given, "name", None) or given[0].rpartition(".")[2],
)
def test_a_program_that_is_ended_leaves_no_process(
    tmp_path: Path, words: tuple[str, ...], sent: signal.Signals
) -> None:
    with program(tmp_path, *words) as run:
        servers = {"chaos": 12, "callers": 8}[words[0].rpartition(".")[2]]
        wait_until(lambda: "postgres" in started(run).values() and len(started(run)) >= servers)
        processes = started(run)
        run.send_signal(sent)
        run.wait(DEADLINE)
        wait_until(lambda: not any(map(psutil.pid_exists, processes)))


def test_a_program_reads_nobodys_settings(tmp_path: Path) -> None:
    tell = "print(__import__('config.settings').settings.read_given())"
    code = f"from tests.programs import run_alone\nrun_alone(lambda: {tell})"
    (tmp_path / ".env").write_text("CHUNK_SIZE=7\n")

    given = os.environ | {"PYTHONPATH": str(ROOT), "BROKER_URL": "redis://production.example.com"}
    del given["OUTREACH_ENV_FILE"]
    told = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, env=given)

    assert told == b"{}\n"


def test_every_program_is_run_like_that() -> None:
    """But those that another one starts."""
    inner = {
        "hostile.py",
        "stub.py",
        "plain.py",
        "bare",
        "bare.py",
        "drive.py",
        "tell.py",
        "explain_duties.py",
        "mail_worker.py",
    }
    for file in (ROOT / "tests").rglob("*.py"):
        code = file.read_text(encoding="utf-8")
        if '\nif __name__ == "__main__":\n' in code and not inner & {file.name, file.parent.name}:
            assert code.endswith("    run_alone(main)\n"), file
