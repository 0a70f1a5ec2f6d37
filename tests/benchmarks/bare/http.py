"""The smallest client that can carry a request: one connection, one request at a time."""

import asyncio
from typing import cast


class Wire(asyncio.Protocol):
    """A kept connection."""

    def __init__(self) -> None:
        self._received = b""
        self._waiting: asyncio.Future[tuple[bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or self._waiting is None:
            return
        at = head.find(b"Content-Length: ")
        if len(body) >= int(head[at + 16 :].split(b"\r\n", 1)[0]):
            self._received = b""
            self._waiting.set_result((head, body))

    def ask(self, request: bytes) -> "asyncio.Future[tuple[bytes, bytes]]":
        """Send a request; its answer, later."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting


class Wires:
    """Connections to one address, as many as were ever needed at once."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._free: list[Wire] = []

    async def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request over a free connection; the head and the body of its answer."""
        wire = self._free.pop() if self._free else await self._open()
        answer = await wire.ask(request)
        self._free.append(wire)
        return answer

    async def _open(self) -> Wire:
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(Wire, *self._address)
        return wire
