"""A load balancer in front of the HTTP processes: bytes, to each host in turn that answers."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from threading import Thread


@contextmanager
def balancing(port: int, to: Sequence[int]) -> Iterator[None]:
    """Listen on a loopback port and hand every connection on, for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    turns = count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = next(turns)
        for step in range(len(to)):
            try:
                there = await asyncio.open_connection("127.0.0.1", to[(start + step) % len(to)])
            except OSError:
                continue
            await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))
            return
        writer.close()

    listening = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(serve, "127.0.0.1", port), loop
    )
    server = listening.result(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
