"""Run the tests of a part in a copy: libraries are loaded once, and one PostgreSQL serves all runs."""

import importlib
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import psycopg
import pytest

from worker.local.postgres import EmbeddedPostgres

SECONDS = 300.0
PATIENCE = 20.0
MEMORY = 4 * 2**30
OPTIONS = ("-qx", "-pno:cacheprovider", "-Wignore::pytest.PytestAssertRewriteWarning")
OURS = ("config", "tasks", "tests", "worker")
LIBRARIES = (
    "alembic.command",
    "aiohttp",
    "celery",
    "liquid",
    "phonenumbers",
    "psycopg",
    "pydantic_settings",
    "redis.asyncio",
    "sendgrid",
    "sqlalchemy.dialects.postgresql.psycopg",
    "starlette.applications",
    "structlog",
    "twilio.rest",
    "uvicorn",
)
"""Imported before the first child is forked: otherwise most of the time goes there."""


class Outcome(StrEnum):
    """What a run of tests came to."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"


class Lent:
    """A server that all runs share."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._server = EmbeddedPostgres(data_dir, fresh=True)

    @property
    def name(self) -> str:
        """How a session of tests finds it."""
        return f"{self._server.port}:{self._data_dir}"

    def make_ready(self, *, fresh: bool) -> None:
        """Started, and without the schema of before where that is to be made anew."""
        if not self._server.is_running:  # also where a test that stops it was ended meanwhile
            self._server.start()
        if fresh:
            with psycopg.connect(self._server.url, autocommit=True) as connection:
                connection.execute("DROP DATABASE IF EXISTS pattern WITH (FORCE)")

    def renew(self) -> None:
        """Begin with an empty one: nobody knows what tests that were ended have left."""
        self.remove()
        self._server = EmbeddedPostgres(self._data_dir, fresh=True)

    def remove(self) -> None:
        """Leave nothing behind."""
        if self._server.is_running:
            self._server.stop("immediate")
        self._server.remove()


class Judge:
    """Runs tests in the copy; each run is a child."""

    def __init__(self, copy: Path, lent: Lent | None) -> None:
        self._copy = copy
        self._lent = lent
        for name in LIBRARIES:
            importlib.import_module(name)

    @property
    def told(self) -> str:
        """What the tests of the latest run printed, at its end."""
        return (self._copy / "told.txt").read_text(encoding="utf-8", errors="replace")[-3000:]

    @property
    def witness(self) -> str:
        """The test that failed in the latest run, where one did."""
        found = re.search(r"^(?:FAILED|ERROR) (\S+)", self.told, re.MULTILINE)
        return found[1] if found else "nobody by name"

    def run(
        self, tests: Sequence[str], *, fresh: bool = False, seconds: float = SECONDS
    ) -> Outcome:
        """The tests until the first fails. `fresh`: the schema may have changed since the last run."""
        if self._lent:
            self._lent.make_ready(fresh=fresh)
        child = os.fork()
        if child == 0:
            self._become_pytest(tests)
        outcome = _wait_for(child, seconds)
        if self._lent and outcome is Outcome.TIMED_OUT:
            self._lent.renew()
        return outcome

    def _become_pytest(self, tests: Sequence[str]) -> None:
        """In the child: everything of ours is imported anew, from the copy."""
        status = 1
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` ignores it
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.chdir(self._copy)
            sys.path[0] = str(self._copy)
            os.environ |= {"PYTHONPATH": str(self._copy), "PYTHONDONTWRITEBYTECODE": "1"}
            self._provide()
            sys.dont_write_bytecode = True
            for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
                del sys.modules[name]
            told = os.open(self._copy / "told.txt", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            for stream in range(3):
                os.dup2(told, stream)
            status = pytest.main([*OPTIONS, *tests])
        except BaseException:  # noqa: BLE001  reaches nobody else
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # nothing of the parent's is to be closed twice

    def _provide(self) -> None:
        if self._lent:
            os.environ["LENT_POSTGRES"] = self._lent.name
        else:  # pure code needs little; what never ends must not take all there is
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@contextmanager
def open_court(copy: Path, folder: Path) -> Iterator[Judge]:
    """A judge with a server of its own."""
    lent = Lent(folder)
    try:
        yield Judge(copy, lent)
    finally:
        lent.remove()


def _wait_for(child: int, seconds: float) -> Outcome:
    deadline = time.monotonic() + seconds
    while (status := _status_of(child)) is None:
        if time.monotonic() > deadline:
            _end(child)
            return Outcome.TIMED_OUT
        time.sleep(0.05)
    return Outcome.FAILED if status else Outcome.PASSED


def _end(child: int) -> None:
    """Interrupt it, so that it ends its servers; then end whatever is left of it."""
    os.kill(child, signal.SIGINT)
    deadline = time.monotonic() + PATIENCE
    while _status_of(child) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)


def _status_of(child: int) -> int | None:
    """Its exit status, none while it runs."""
    try:
        ended, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if ended else None
