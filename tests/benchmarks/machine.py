"""The machine under test: its services, its processes, and the CPU each of them has used."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import psycopg

from worker.local.ports import free_port
from worker.local.postgres import EmbeddedPostgres, running_postgres
from worker.local.valkey import EmbeddedValkey, running_valkey

ROOT = Path(__file__).parents[2]
DEADLINE = 120.0

# As a machine of this size would be set up; what makes it durable is never touched.
TUNING = {"shared_buffers": "1GB", "max_wal_size": "4GB", "max_connections": "200"}


@dataclass(frozen=True, slots=True)
class Machine:
    """Services that every design shares."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    stub: str
    home: Path

    def database(self, name: str) -> str:
        """A new database; where to connect to it."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.postgres.url_of(name)

    def slow_provider(self, milliseconds: int) -> None:
        """Set the provider's latency and forget what it saw."""
        _get(f"{self.stub}/latency/{milliseconds}")

    def seen(self) -> tuple[int, int, int]:
        """Requests, recipients and most in flight that the provider has seen."""
        requests, recipients, peak = _get(f"{self.stub}/seen")
        return requests, recipients, peak


@contextmanager
def running_machine() -> Iterator[Machine]:
    """PostgreSQL, Valkey and the provider, for as long as the block lasts."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outreach-bench-")))
        postgres = stack.enter_context(running_postgres(home / "postgres", fresh=True))
        _tune(postgres)
        valkey = stack.enter_context(running_valkey(home / "valkey"))
        port = free_port()
        stack.enter_context(process(home, "stub", ["-m", "tests.benchmarks.stub", str(port)], {}))
        machine = Machine(postgres, valkey, f"http://127.0.0.1:{port}", home)
        wait_until(lambda: _answers(machine.stub))
        yield machine


def _tune(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        for name, value in TUNING.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
    postgres.stop()
    postgres.start()


@contextmanager
def process(
    home: Path, name: str, arguments: list[str], environment: Mapping[str, str]
) -> Iterator[int]:
    """A Python process of ours for as long as the block lasts; its pid."""
    with (home / f"{name}.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield started.pid
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def cpu_seconds(pids: Mapping[str, list[int]]) -> dict[str, float]:
    """User and system time of each group's process trees so far, those that have ended included."""
    return {name: sum(map(_of_tree, group)) for name, group in pids.items()}


def _of_tree(pid: int) -> float:
    root = psutil.Process(pid)
    return sum(map(_of_process, [root, *root.children(recursive=True)]))


def _of_process(one: psutil.Process) -> float:
    try:
        times = one.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def wait_until(holds: Callable[[], bool], seconds: float = DEADLINE, pause: float = 0.05) -> None:
    """Return as soon as the condition holds.

    Raises:
        TimeoutError: it does not in time.
    """
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError("the bench waited in vain: see the logs in its folder")
        time.sleep(pause)


def _answers(url: str) -> bool:
    try:
        _get(f"{url}/seen")
    except (URLError, OSError):
        return False
    return True


def _get(url: str) -> list[int]:
    with urlopen(url, timeout=10) as answer:  # noqa: S310  loopback
        return list(json.load(answer))
