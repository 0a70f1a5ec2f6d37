"""Reports of many callbacks in one transaction: what arrives while one commits goes with the next.

Each callback is still answered only after its own reports have committed. At rest a report travels
alone and waits for nobody; under load the cost of a transaction is shared by all that came meanwhile.

Nobody fills a load: the channels take turns, and a delivery of many reports goes in pieces, of which a
load carries one, and where somebody waits with a single one only every other load: they wait for a piece
that is under way, and not for a second one beside them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from worker.domain.evidence.reports import Report
from worker.domain.statuses import Channel
from worker.runtime import StoreUnavailable

# Letters of a transaction: locks are held while it runs, and its rows must fit a statement.
MOST = 500
# Letters of one delivery in it.
PIECE = 50

Apply = Callable[[list[Report]], object]


@dataclass(slots=True)
class _Delivery:
    """One callback's reports, and who waits until they are durable."""

    done: asyncio.Future[None]
    left: Sequence[Report]
    piece: list[Report] = field(default_factory=list)
    """What of it travels now."""

    def load(self) -> None:
        """The next piece goes on its way."""
        self.piece, self.left = list(self.left[:PIECE]), self.left[PIECE:]

    def tell(self, failure: Exception | None) -> None:
        """Tell the caller, unless it hung up meanwhile."""
        if self.done.done():
            return
        if failure is not None:
            self.done.set_exception(failure)
        elif not self.left:
            self.done.set_result(None)


class GroupCommit:
    """Takes reports in; must be used from one event loop.

    Args:
        apply: makes reports durable, or raises; called on a thread, one call at a time.
    """

    def __init__(self, apply: Apply) -> None:
        self._apply = apply
        self._small: dict[Channel, deque[_Delivery]] = {channel: deque() for channel in Channel}
        self._large: deque[_Delivery] = deque()
        self._carrier: asyncio.Task[None] | None = None
        self._after_piece = False
        """Whether the latest load carried a piece of a large delivery."""

    async def post(self, reports: Sequence[Report]) -> None:
        """Return once the reports are durable; at least one, of one channel.

        Raises:
            StoreUnavailable: they are not; whoever sent them must send them again.
        """
        delivery = _Delivery(asyncio.get_running_loop().create_future(), reports)
        lane = self._large if len(reports) > PIECE else self._small[reports[0].channel]
        lane.append(delivery)
        if self._carrier is None:
            self._carrier = asyncio.create_task(self._carry())
        await delivery.done

    async def _carry(self) -> None:
        while load := self._next_load():
            await self._carry_one_load(load)
        self._carrier = None

    def _next_load(self) -> list[_Delivery]:
        small = list(self._take_small(MOST))
        large = [] if small and self._after_piece else list(self._take_large())
        self._after_piece = bool(large)
        load = small + large
        for delivery in load:
            delivery.load()
        return load

    def _take_large(self) -> Iterator[_Delivery]:
        """One of them, whose turn it is."""
        while self._large:
            delivery = self._large.popleft()
            if not delivery.done.done():  # else who sent it hung up, or was told to come again
                yield delivery
                return

    def _take_small(self, room: int) -> Iterator[_Delivery]:
        """Channel by channel, one delivery each, while they fit."""
        while waiting := [lane for lane in self._small.values() if lane]:
            for lane in waiting:
                room -= len(lane[0].left)
                if room < 0:
                    return
                yield lane.popleft()

    async def _carry_one_load(self, load: list[_Delivery]) -> None:
        failure = await self._failure_of([one for delivery in load for one in delivery.piece])
        # A fault of one delivery is none of the others'; a store that is away is away for all.
        alone = len(load) > 1 and failure is not None and not isinstance(failure, StoreUnavailable)
        for delivery in load:
            delivery.tell(await self._failure_of(delivery.piece) if alone else failure)
            if delivery.left:
                self._large.append(delivery)

    async def _failure_of(self, letters: list[Report]) -> Exception | None:
        try:
            await run_in_threadpool(self._apply, letters)
        except Exception as error:  # noqa: BLE001  the senders' to hear: each has a door of its own
            return error
        return None
