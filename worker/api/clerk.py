"""Reads the files that wait, one after the other; each process of the API does, each file one of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread

import structlog
from fastapi import FastAPI

from worker.desk.waiting_uploads import read_waiting
from worker.runtime import Runtime, StoreUnavailable

log = structlog.get_logger()
LOOK_SECONDS = 2.0
"""How long a file waits whose process is gone."""


class Clerk:
    """A thread that reads until it is told to stop; what it was at is then done by another one."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._bell, self._done = Event(), Event()

    def ring(self) -> None:
        """A file has come."""
        self._bell.set()

    @asynccontextmanager
    async def at_work(self, _: FastAPI) -> AsyncIterator[None]:
        """Read while the application serves."""
        # It ends with the process: a transaction in its middle leaves nothing.
        Thread(target=self._work, name="clerk", daemon=True).start()
        yield
        self._done.set()
        self._bell.set()

    def _work(self) -> None:
        while not self._done.is_set():
            self._bell.clear()
            if not self._read():
                self._bell.wait(LOOK_SECONDS)

    def _read(self) -> bool:
        try:
            return read_waiting(self._runtime.patient_engine)
        except StoreUnavailable:
            log.warning("upload_waits", why="the database is unavailable")
        except Exception as error:  # noqa: BLE001  a door: one file must not end the reading of the others
            log.error("upload_failed", error=type(error).__name__)
        return False
