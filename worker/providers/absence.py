"""Notices that this process has been away: stopped, or on a machine that slept."""

import asyncio
from collections.abc import Callable

import structlog

from worker.providers.deadline_clock import Moment

log = structlog.get_logger()

LOOKS = 4
"""How often it looks within the longest absence: no gap between two looks is taken for one."""


class AbsenceWatch:
    """Closes connections after an absence, before anything more is written to them.

    What had been handed over before may be judged by now: a kernel that was away too must not deliver it.

    Args:
        longest: seconds that it may be away.
        close: closes all connections, without sending what waits; returns how many.
    """

    def __init__(self, longest: float, close: Callable[[], int]) -> None:
        self._longest = longest
        self._close = close
        self._loop = asyncio.get_running_loop()
        self._seen = Moment.now()
        self._timer = self._loop.call_later(longest / LOOKS, self._tick)

    def look(self) -> None:
        """Close everything if it has been too long since the last look."""
        before, self._seen = self._seen, Moment.now()
        away = max(self._seen.boot - before.boot, self._seen.wall - before.wall)
        if away > self._longest:
            log.error("process_was_away", seconds=round(away), connections_closed=self._close())

    def _tick(self) -> None:
        self.look()
        self._timer = self._loop.call_later(self._longest / LOOKS, self._tick)

    def end(self) -> None:
        """Look no more."""
        self._timer.cancel()
