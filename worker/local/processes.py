"""Processes of a house: started with a log each, known by what they carry, and none left behind."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from config.settings import RUN_FILE
from worker.local.environment import MARK
from worker.local.interrupts import Interrupts
from worker.local.postgres_programs import ServiceFailed

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
# honcho itself ends what has not stopped after 5 s.
STOP_SECONDS = 15


@contextmanager
def running_process(
    state_dir: Path, log: str | None, command: list[str], environment: Mapping[str, str]
) -> Iterator[None]:
    """A process in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    logs = state_dir / "logs"
    logs.mkdir(exist_ok=True)
    with ExitStack() as stack:
        output = stack.enter_context((logs / f"{log}.log").open("ab")) if log else None
        process = subprocess.Popen(  # noqa: S603  our own commands
            command,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def end_marked(mark: str) -> None:
    """End whatever still carries our mark: the children of a process that had to be killed."""
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                process.kill()
        except psutil.Error:
            continue


def end_left_over(state_dir: Path) -> None:
    """End what a house of this folder left running that was killed, and forget its settings.

    To be called with the folder's lock held: whoever carries its name then belongs to nobody any more.
    """
    (state_dir / RUN_FILE).unlink(missing_ok=True)
    folder = str(state_dir.resolve())
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and _is_of(process, folder):
                process.kill()
        except psutil.Error:
            continue


def _is_of(process: psutil.Process, folder: str) -> bool:
    carried = process.environ()
    if MARK in carried and carried.get("STATE_DIR") == folder:
        return True
    return bool(process.name().startswith("valkey") and process.cwd() == f"{folder}/valkey")


def wait_for(url: str, interrupts: Interrupts) -> None:
    """Wait until an address answers 200.

    Raises:
        ServiceFailed: it does not within a minute.
        Interrupted: somebody asked us to stop.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=2):  # noqa: S310  a loopback address of ours
                return
        except (URLError, OSError):
            interrupts.pause(0.1)
    raise ServiceFailed(f"nothing answers at {url}: see the logs under STATE_DIR")
