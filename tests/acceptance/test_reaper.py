"""A run of tests that is ended, by whom and however, leaves no process behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.fixtures.house import DEADLINE, ROOT, wait_until

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
