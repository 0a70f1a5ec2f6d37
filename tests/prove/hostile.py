"""Clients that are slow, huge, or the same again and again, each on connections of its own.

`python -m tests.prove.hostile KIND PORT FILE` attacks until it is ended; FILE holds the bytes to send.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

CLIENTS_CORE = max(os.sched_getaffinity(0))
STANDING = 400
HUGE = 2
REPEATING = 2


async def _stand(port: int, whole: bytes) -> None:
    """Send all but the last byte, and wait until it is hung up on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(whole[:-1])
    await reader.read()
    writer.close()


async def _repeat(port: int, whole: bytes) -> None:
    """Send the whole as fast as it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        writer.write(whole)
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length"):
                await reader.readexactly(int(line.split(b":")[1]))


KINDS: dict[str, tuple[Callable[[int, bytes], Awaitable[None]], int]] = {
    "slow": (_stand, STANDING),
    "huge": (_repeat, HUGE),
    "forged": (_repeat, HUGE),
    "repeated": (_repeat, REPEATING),
}


async def _attack(kind: str, port: int, whole: bytes) -> None:
    act, clients = KINDS[kind]

    async def again() -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                await act(port, whole)

    await asyncio.gather(*(again() for _ in range(clients)))


if __name__ == "__main__":
    os.sched_setaffinity(0, {CLIENTS_CORE})
    asyncio.run(_attack(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_bytes()))
