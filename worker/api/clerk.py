"""Does what waits to be done, a thread for each kind: reads files, and carries on deeds over all that match.

Each process of the API does; what one was at when it was killed is then done by another.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Event, Thread

import structlog
from fastapi import FastAPI

from worker.desk.bulk_deeds import go_on
from worker.desk.waiting_uploads import read_waiting
from worker.runtime import Runtime, StoreUnavailable

log = structlog.get_logger()
LOOK_SECONDS = 5.0
"""How long waits what was left by a process that is gone, or came in by another."""


class Clerk:
    """Threads that work until they are told to stop."""

    def __init__(self, runtime: Runtime) -> None:
        self._work: dict[str, Callable[[], bool]] = {
            "upload": lambda: read_waiting(runtime.patient_engine),
            "bulk_deed": lambda: go_on(runtime.console_engine),
        }
        self._bells = {kind: Event() for kind in self._work}
        self._done = Event()

    def ring(self) -> None:
        """Something has come."""
        for bell in self._bells.values():
            bell.set()

    @asynccontextmanager
    async def at_work(self, _: FastAPI) -> AsyncIterator[None]:
        """Work while the application serves."""
        # They end with the process: a transaction in its middle leaves nothing.
        for kind in self._work:
            Thread(target=self._go_on, args=(kind,), name=kind, daemon=True).start()
        yield
        self._done.set()
        self.ring()

    def _go_on(self, kind: str) -> None:
        bell = self._bells[kind]
        while not self._done.is_set():
            bell.clear()
            if not self._do_one(kind):
                bell.wait(LOOK_SECONDS)

    def _do_one(self, kind: str) -> bool:
        try:
            return self._work[kind]()
        except StoreUnavailable:
            log.warning("work_waits", kind=kind, why="the database is unavailable")
        except Exception as error:  # noqa: BLE001  a door: one of them must not end the work on the others
            log.error("work_failed", kind=kind, error=type(error).__name__)
        return False
