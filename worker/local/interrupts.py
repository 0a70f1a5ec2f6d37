"""Ctrl-C and SIGTERM as a fact to be looked at, rather than an exception between any two lines.

An exception in the middle of starting a server would leave it running with nobody to stop it.
"""

import signal
from threading import Event
from types import FrameType
from typing import Self


class Interrupted(Exception):
    """Somebody asked us to stop."""


class Interrupts:
    """Once entered, SIGINT and SIGTERM only note that we should stop; afterwards they are ignored.

    Afterwards everything is stopped, and an impatient Ctrl-C would only change the exit code.
    """

    def __init__(self) -> None:
        self._asked = Event()

    def __enter__(self) -> Self:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)

    def check(self) -> None:
        """A place where stopping is safe.

        Raises:
            Interrupted: somebody asked.
        """
        if self._asked.is_set():
            raise Interrupted

    def pause(self, seconds: float | None) -> None:
        """Wait, unless somebody asks us to stop; None waits for that.

        Raises:
            Interrupted: somebody asked.
        """
        self._asked.wait(seconds)
        self.check()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()
