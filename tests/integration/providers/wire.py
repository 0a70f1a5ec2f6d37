"""A server that does exactly what a script says, one step per request, and remembers what it saw."""

import asyncio
import json
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes to write in answer to a request, and what to do with the connection after them."""

    data: bytes = b""
    then: Literal["keep", "close", "hang", "drip"] = "keep"


def answer(status: int = 201, body: object = None, **headers: str) -> Step:
    """A whole HTTP answer; a body that is not bytes goes out as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(raw)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Step("\r\n".join([*lines, "", ""]).encode() + raw)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came."""

    connection: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True, strict_parsing=True)


@dataclass
class Wire:
    """Listens on a free loopback port while entered."""

    steps: Iterable[Step]
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    bytes_received: int = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._script = iter(self.steps)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.add(asyncio.ensure_future(self._serve(reader, writer, self.connections)))

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    self.seen.append(await self._request(reader, connection))
                    await self._act(next(self._script), writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader, connection: int) -> Seen:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.bytes_received += len(head) + len(body)
        method, path, _ = first.split(" ")
        return Seen(connection, method, path, headers, body)

    async def _act(self, step: Step, writer: asyncio.StreamWriter) -> None:
        writer.write(step.data)
        await writer.drain()
        match step.then:
            case "close":
                raise ConnectionAbortedError
            case "hang":
                await asyncio.Event().wait()
            case "drip":
                while True:
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            case "keep":
                pass
