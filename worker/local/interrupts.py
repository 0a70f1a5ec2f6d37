"""Ctrl-C and SIGTERM as a fact to be looked at, rather than an exception between any two lines.

An exception in the middle of starting a server would leave it running with nobody to stop it.
"""

import os
import select
import signal
from types import FrameType
from typing import Self


class Interrupted(Exception):
    """Somebody asked us to stop."""


class Interrupts:
    """Once entered, SIGINT and SIGTERM only note that we should stop; afterwards they are ignored.

    Afterwards everything is stopped, and an impatient Ctrl-C would only change the exit code.
    The handler runs no Python: a second signal may arrive inside the first one's handler, where a
    lock would be waited for for ever, and a storm of them would exhaust the stack.
    """

    def __init__(self) -> None:
        self._noted: dict[int, FrameType | None] = {}
        self._awake, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._noted.setdefault)
        return self

    def __exit__(self, *_: object) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)

    def check(self) -> None:
        """A place where stopping is safe.

        Raises:
            Interrupted: somebody asked.
        """
        if self._noted:
            raise Interrupted

    def pause(self, seconds: float | None) -> None:
        """Wait, unless somebody asks us to stop; None waits for that.

        Raises:
            Interrupted: somebody asked.
        """
        self.check()
        select.select([self._awake], [], [], seconds)
        self.check()
