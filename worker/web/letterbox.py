"""Reports of many callbacks in one transaction: what arrives while one commits goes with the next.

Each callback is still answered only after its own reports have committed. At rest a report travels
alone and waits for nobody; under load the cost of a transaction is shared by all that came meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool

from worker.domain.reports import Report

# Letters of a transaction: locks are held while it runs, and its rows must fit a statement.
MOST = 500

Settle = Callable[[list[Report]], object]


class Letterbox:
    """Takes reports in; must be used from one event loop.

    Args:
        settle: makes reports durable, or raises; called on a thread, one call at a time.
    """

    def __init__(self, settle: Settle) -> None:
        self._settle = settle
        self._waiting: deque[tuple[Sequence[Report], asyncio.Future[None]]] = deque()
        self._carrier: asyncio.Task[None] | None = None

    async def post(self, reports: Sequence[Report]) -> None:
        """Return once the reports are durable.

        Raises:
            StoreUnavailable: they are not; whoever sent them must send them again.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((reports, done))
        if self._carrier is None:
            self._carrier = asyncio.create_task(self._carry())
        await done

    async def _carry(self) -> None:
        while self._waiting:
            await self._carry_one_load()
        self._carrier = None

    async def _carry_one_load(self) -> None:
        letters: list[Report] = []
        senders: list[asyncio.Future[None]] = []
        while self._waiting and (not letters or len(letters) + len(self._waiting[0][0]) <= MOST):
            reports, done = self._waiting.popleft()
            letters += reports
            senders.append(done)
        failure: Exception | None = None
        try:
            await run_in_threadpool(self._settle, letters)
        except Exception as error:  # noqa: BLE001  the senders' to hear: each has a door of its own
            failure = error
        for done in senders:
            _tell(done, failure)


def _tell(done: asyncio.Future[None], failure: Exception | None) -> None:
    """Whoever hung up meanwhile is told nothing."""
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
