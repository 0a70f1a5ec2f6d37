"""Posts callbacks over kept connections, as fast as they are answered."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.callbacks.calls import Callback


@dataclass(slots=True)
class Outcome:
    """What was acknowledged with 2xx, how long each of those took in seconds, and what was refused."""

    acknowledged: list[Callback] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    def percentile(self, share: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def post(
    callbacks: Sequence[Callback],
    port: int,
    connections: int,
    meanwhile: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Post all of them; `meanwhile` sees the outcome so far after each answer."""
    return asyncio.run(_post(callbacks, port, connections, meanwhile))


async def _post(
    callbacks: Sequence[Callback],
    port: int,
    connections: int,
    meanwhile: Callable[[Outcome], None],
) -> Outcome:
    outcome, waiting = Outcome(), deque(callbacks)

    async def work() -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while waiting:
                await _exchange(waiting.popleft(), reader, writer, outcome)
                meanwhile(outcome)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            return  # the other side was killed: nothing was acknowledged

    await asyncio.gather(*(work() for _ in range(connections)))
    return outcome


async def _exchange(
    callback: Callback,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    outcome: Outcome,
) -> None:
    began = time.perf_counter()
    writer.write(callback.request)
    head = await reader.readuntil(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 204"):
        outcome.acknowledged.append(callback)
        outcome.latencies.append(time.perf_counter() - began)
    else:
        outcome.refused += 1
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
