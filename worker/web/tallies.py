"""Counts of this process, brought to the database every few seconds: the public door shows no figures."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import structlog
from starlette.concurrency import run_in_threadpool

log = structlog.get_logger()

EVERY = 5.0


class Tallies:
    """Counts refusals; must be used from one event loop.

    Args:
        keep: adds counts by name to those of all processes, or raises; called on a thread.
    """

    def __init__(self, keep: Callable[[Mapping[str, int]], object]) -> None:
        self._keep = keep
        self.refusals: Counter[str] = Counter()
        """By reason, not yet kept."""

    def refuse(self, why: str) -> None:
        """Something was turned away."""
        self.refusals[why] += 1

    @asynccontextmanager
    async def kept(self, every: float = EVERY) -> AsyncIterator[None]:
        """Keep what was counted, again and again while the block lasts, and at its end."""
        keeping = asyncio.create_task(self._go_on(every))
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            await self.bring()

    async def _go_on(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self.bring()

    async def bring(self) -> None:
        """Keep what was counted; what can't be kept now is kept later."""
        taken = dict(self.refusals)
        if not taken:
            return
        self.refusals.clear()  # at once: more may come while they are on their way
        try:
            await run_in_threadpool(self._keep, {f"refused:{why}": n for why, n in taken.items()})
        except Exception as error:  # noqa: BLE001  a count must not end the process
            self.refusals.update(taken)
            log.warning("tallies_wait", error=type(error).__name__)
