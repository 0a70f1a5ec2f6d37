"""A process tells the database that its work goes on, and what it measured, for whoever asks there."""

import os
import socket
from collections import Counter
from importlib.metadata import version
from threading import Event, Thread
from typing import ParamSpec

import structlog

from worker.heartbeat import HEART
from worker.measures import MEASURED
from worker.store import processes, tallies
from worker.store.connect import Engine, Step, in_one_statement
from worker.tracing import TRACES

log = structlog.get_logger()
P = ParamSpec("P")

EVERY = 5.0


class Presence:
    """This process's row, one for each kind it is. Whatever the database says, the process itself goes on.

    Args:
        engine: the database, once it has been recognized.
        measures: whether it brings what is measured on the way.
    """

    def __init__(self, engine: Engine, *, measures: bool = True) -> None:
        self._engine = engine
        self._measures = measures
        self._untold: Counter[str] = Counter()
        """What was measured and could not be brought."""
        self._ended = Event()
        self._thread = Thread(target=self._go_on, name="presence", daemon=True)

    def begin(self) -> None:
        """Tell now and again, from a thread, for as long as the work goes on."""
        if HEART.kinds:
            MEASURED.on = self._measures
            TRACES.begin(HEART.name)
            self._thread.start()

    def end(self) -> None:
        """The process ends by itself: nobody need miss it, here or at the database."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(EVERY)  # or its last word would come after the row is gone
        if HEART.kinds:
            self._bring()
        for kind in HEART.kinds:
            self._try(processes.forget, kind, *_here())
        TRACES.end()
        HEART.stop()

    def _go_on(self) -> None:
        for kind in HEART.kinds:
            self._try(processes.forget, kind, *_here(), HEART.gone(kind))
        while not self._ended.is_set():
            if HEART.goes_on():
                for kind in HEART.kinds:
                    worked_at, idle = HEART.worked_at, HEART.since_turn(kind)
                    self._try(processes.note, kind, *_here(), _VERSION, worked_at, idle)
            self._bring()
            self._ended.wait(EVERY)

    def _bring(self) -> None:
        """Add what was measured to the tallies; what can't be brought now is brought later."""
        self._untold += MEASURED.take()
        if self._untold and self._try(tallies.add, self._untold):
            self._untold = Counter()

    def _try(self, step: Step[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            in_one_statement(self._engine, step, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  a sign of life must not end a life
            log.debug("presence_untold", error=type(error).__name__)
            return False
        return True


_VERSION = version("outreach")


def _here() -> tuple[str, int]:
    return socket.gethostname(), os.getpid()
