"""Reports of many callbacks in one transaction: what arrives while one commits goes with the next.

Each callback is still answered only after its own reports have committed. At rest a report travels
alone and waits for nobody; under load the cost of a transaction is shared by all that came meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool

from worker.domain.reports import Report
from worker.runtime import StoreUnavailable

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
        load: list[tuple[Sequence[Report], asyncio.Future[None]]] = []
        letters = 0
        while self._waiting and (not load or letters + len(self._waiting[0][0]) <= MOST):
            load.append(self._waiting.popleft())
            letters += len(load[-1][0])
        failure = await self._failure_of([one for reports, _ in load for one in reports])
        # A fault of one delivery is none of the others'; a store that is away is away for all.
        alone = len(load) > 1 and failure is not None and not isinstance(failure, StoreUnavailable)
        for reports, done in load:
            _tell(done, await self._failure_of(list(reports)) if alone else failure)

    async def _failure_of(self, letters: list[Report]) -> Exception | None:
        try:
            await run_in_threadpool(self._settle, letters)
        except Exception as error:  # noqa: BLE001  the senders' to hear: each has a door of its own
            return error
        return None


def _tell(done: asyncio.Future[None], failure: Exception | None) -> None:
    """Whoever hung up meanwhile is told nothing."""
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
