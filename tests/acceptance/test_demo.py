"""`make demo` as a stranger runs it, and Ctrl-C at any moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fixtures.house import ROOT, wait_until

pytestmark = pytest.mark.turn(1)

DEMO = [sys.executable, "-m", "worker.local", "demo"]


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Next to nothing, as under `env -i`; the mark tells its processes from all others."""
    home = tmp_path / "home"
    home.mkdir()
    state = {"STATE_DIR": str(tmp_path / "state"), "HOME": str(home)}
    return {"PATH": os.environ["PATH"], "DEMO_TEST": tmp_path.name, **state}


def processes_of(environment: dict[str, str]) -> list[psutil.Process]:
    """Whatever the demo started and still runs, services included."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("DEMO_TEST") == environment["DEMO_TEST"]
            if mine or environment["STATE_DIR"] in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


def services_of(environment: dict[str, str]) -> list[psutil.Process]:
    """PostgreSQL runs with an environment of its own; its data folder names it."""
    name = environment["STATE_DIR"].replace("/", "-")
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if name in " ".join(process.info["cmdline"] or ()).replace("/", "-")
    ]


@pytest.fixture
def nothing_left(bare: dict[str, str]) -> Iterator[None]:
    yield
    assert processes_of(bare) + services_of(bare) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="test_first_command.py has the one of root")
@pytest.mark.usefixtures("nothing_left")
def test_it_dispatches_three_batches_and_nobody_is_contacted_twice(bare: dict[str, str]) -> None:
    done = subprocess.run(
        DEMO, env=bare, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert_it_has_kept_its_word(done)


def assert_it_has_kept_its_word(done: subprocess.CompletedProcess[str]) -> None:
    """All of it is said and done."""
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓") == 3
    assert "the metrics count the same: 123 voice, 109 sms, 116 email" in done.stdout
    assert "INITIATED" in done.stdout


MOMENTS = ["starting PostgreSQL", "starting the Procfile", "open demo-texts"]


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.sampled
@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_no_process_and_no_lock(bare: dict[str, str], moment: str) -> None:
    with subprocess.Popen(
        DEMO, env=bare, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout is not None
        assert any(moment in line for line in demo.stdout)
        demo.send_signal(signal.SIGINT)
        wait_until(lambda: demo.poll() is not None or _again(demo), 40)

    assert demo.returncode == 130
    lock = Path(bare["STATE_DIR"]) / "demo" / "lock"
    subprocess.run(["flock", "--nonblock", str(lock), "true"], check=True)


def _again(demo: "subprocess.Popen[str]") -> bool:
    """An impatient person presses it again and again."""
    demo.send_signal(signal.SIGINT)
    return False
