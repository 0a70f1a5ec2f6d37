"""A mail server that says what a script says, one line for each thing that it hears."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from worker.sandbox.certificates import Certificate

GREETING = "220 here"
EHLO = "250-here\r\n250-SIZE 1000000\r\n250-DSN\r\n250-AUTH LOGIN PLAIN\r\n250 STARTTLS"
USUAL: dict[str, str] = {
    "EHLO": EHLO,
    "STARTTLS": "220 go ahead",
    "AUTH": "235 welcome",
    "MAIL": "250 fine",
    "RCPT": "250 fine",
    "DATA": "354 go ahead",
    ".": "250 taken",
}
CUT, HANG = "cut", "hang"
"""Instead of a reply."""


@dataclass
class ScriptedServer:
    """Listens on a free loopback port while entered; `says` replaces what it usually answers, by verb."""

    certificate: Certificate
    folder: Path
    says: Mapping[str, str] = field(default_factory=dict)
    greeting: str = GREETING
    heard: list[str] = field(default_factory=list)
    """Every line, of every connection, but those of a mail."""
    mails: list[bytes] = field(default_factory=list)
    """Those whose end was seen."""
    unfinished: list[bytes] = field(default_factory=list)
    connections: int = 0
    encrypted: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        both = self.folder / "both.pem"
        both.write_bytes(self.certificate.key + self.certificate.certificate)
        self._context.load_cert_chain(both)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _turn in range(5):  # what was aborted is closed when the loop comes to it
            await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, OSError):
                if await self._say(writer, self.greeting):
                    while await self._converse(reader, writer):
                        pass
        finally:
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = (await reader.readuntil(b"\r\n")).decode().strip()
        self.heard.append(line)
        verb = line.partition(" ")[0].upper()
        said = self.says.get(verb, USUAL.get(verb, "250 fine"))
        if not await self._say(writer, said):
            return False
        if verb == "STARTTLS" and said.startswith("220"):
            await writer.start_tls(self._context)
            self.encrypted += 1
        if verb == "DATA" and said.startswith("354"):
            return await self._take(reader, writer)
        return True

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
        except asyncio.IncompleteReadError as cut:
            self.unfinished.append(cut.partial)
            raise
        except ConnectionError:
            self.unfinished.append(b"")
            raise
        return await self._say(writer, self.says.get(".", USUAL["."]))

    async def _say(self, writer: asyncio.StreamWriter, said: str) -> bool:
        """Return whether the conversation goes on."""
        if said == CUT:
            return False
        if said == HANG:
            await asyncio.Event().wait()
        writer.write(said.encode() + (b"" if said.endswith("\0") else b"\r\n"))
        await writer.drain()
        return not said.startswith("421")
