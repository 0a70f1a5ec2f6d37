"""Run the tests of a part in a copy: libraries are loaded once, and one PostgreSQL serves all runs."""

import importlib
import os
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

from worker.local.postgres import EmbeddedPostgres, running_postgres

SECONDS = 300.0
PATIENCE = 20.0
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


class Judge:
    """Runs tests in the copy; each run is a child, and they share a server."""

    def __init__(self, copy: Path, server: EmbeddedPostgres, data_dir: Path) -> None:
        self._copy = copy
        self._server = server
        self._lent = f"{server.port}:{data_dir}"
        for name in LIBRARIES:
            importlib.import_module(name)

    @property
    def told(self) -> str:
        """What the tests of the latest run printed, at its end."""
        return (self._copy / "told.txt").read_text(encoding="utf-8", errors="replace")[-3000:]

    def run(self, tests: Sequence[str], *, fresh: bool) -> Outcome:
        """The tests until the first fails. `fresh`: the schema may have changed since the last run."""
        if not self._server.is_running:  # a test that stops it has been ended before it went on
            self._server.start()
        if fresh:
            self._forget_pattern()
        child = os.fork()
        if child == 0:
            self._become_pytest(tests)
        return _wait_for(child)

    def _forget_pattern(self) -> None:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS pattern WITH (FORCE)")

    def _become_pytest(self, tests: Sequence[str]) -> None:
        """In the child: everything of ours is imported anew, from the copy."""
        status = 1
        try:
            os.setsid()
            os.chdir(self._copy)
            sys.path[0] = str(self._copy)
            os.environ |= {"PYTHONPATH": str(self._copy), "PYTHONDONTWRITEBYTECODE": "1"}
            os.environ["LENT_POSTGRES"] = self._lent
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


@contextmanager
def open_court(copy: Path, folder: Path) -> Iterator[Judge]:
    """A judge with a server of its own."""
    with running_postgres(folder, fresh=True) as server:
        yield Judge(copy, server, folder)


def _wait_for(child: int) -> Outcome:
    deadline = time.monotonic() + SECONDS
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
