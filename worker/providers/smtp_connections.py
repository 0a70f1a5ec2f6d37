"""One connection to a mail server: greeted, encrypted, logged in; commands in order, replies whole."""

import asyncio
import re
from asyncio import Protocol, Transport
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext, SSLError
from typing import Any

from worker.providers.connections import Outlet, open_socket
from worker.providers.smtp_replies import SmtpReply, Stage

LARGEST_REPLY = 64 * 1024
_LINE = re.compile(r"([2-5][0-9]{2})(?:([ -])(.*))?")


class Garbled(Exception):
    """It is no reply of a mail server."""


class SmtpDeclined(Exception):
    """A reply that is not the one that leads on."""

    def __init__(self, stage: Stage, reply: SmtpReply) -> None:
        self.stage = stage
        self.reply = reply
        super().__init__(reply.named)


class Unsuitable(Exception):
    """The server lacks something without which we say nothing to it."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        self.why = why
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Address and login of a mail server."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    """Whose certificates are good, as PEM; None: the machine's."""
    return_path: str = ""
    """The mailbox that what can't be delivered comes back to; empty: each mail's own source."""
    connections: int = 10
    """Open at once."""


class _Lines(Protocol):
    """Reads what comes in, line by line."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._closed = False
        self._more = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Keep it until it is asked for."""
        self._buffer += data
        self._more.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  whatever ended it
        """Let nobody wait any longer."""
        self._closed = True
        self._more.set()

    @property
    def is_idle(self) -> bool:
        """Return whether it stands, and the server has said nothing unasked."""
        return not self._closed and not self._buffer

    async def reply(self) -> SmtpReply:
        """Read a whole reply, which may have several lines.

        Raises:
            Garbled: it is none.
            ConnectionResetError: the connection ended first.
        """
        texts: list[str] = []
        while True:
            found = _LINE.fullmatch((await self._line()).decode("utf-8", "replace"))
            if found is None:
                raise Garbled
            texts.append(found[3] or "")
            if found[2] != "-":
                return SmtpReply(int(found[1]), "\n".join(texts))

    async def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if self._closed:
                raise ConnectionResetError
            if len(self._buffer) > LARGEST_REPLY:
                raise Garbled
            self._more.clear()
            await self._more.wait()
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line


class SmtpConnection:
    """A connection that is ready for a mail."""

    def __init__(self, lines: _Lines, outlet: Outlet) -> None:
        self._lines = lines
        self.outlet = outlet
        self.extensions: dict[str, str] = {}

    @property
    def is_usable(self) -> bool:
        """Return whether another mail may go this way."""
        return self._lines.is_idle

    async def ask(self, stage: Stage, command: str, *wanted: int) -> SmtpReply:
        """Say one command.

        Raises:
            SmtpDeclined: another reply than those wanted.
            Garbled, ConnectionResetError: no reply.
        """
        self.outlet.say(command.encode("ascii") + b"\r\n")
        return await self.hear(stage, *wanted)

    async def hear(self, stage: Stage, *wanted: int) -> SmtpReply:
        """Read the reply to what was said.

        Raises:
            SmtpDeclined: another one than those wanted.
            Garbled, ConnectionResetError: there is none.
        """
        reply = await self._lines.reply()
        if reply.code in wanted:
            return reply
        if reply.code < 400:
            raise Garbled
        raise SmtpDeclined(stage, reply)

    async def greet(self, own_name: str) -> None:
        """Say who we are, and hear what the server can."""
        reply = await self.ask(Stage.GREETING, f"EHLO {own_name}", 250)
        words = (line.partition(" ") for line in reply.text.split("\n")[1:])
        self.extensions = {name.upper(): more for name, _, more in words}

    async def ask_to_encrypt(self) -> None:
        """Say that we go on encrypted or not at all. RFC 3207."""
        if "STARTTLS" not in self.extensions:
            raise Unsuitable("no_starttls", "the mail server offers no STARTTLS")
        await self.ask(Stage.GREETING, "STARTTLS", 220)

    async def log_in(self, server: MailServer) -> None:
        """Show user and password, where there are any. RFC 4954."""
        if not server.user:
            return
        ways = self.extensions.get("AUTH", "").upper().split()
        if "PLAIN" in ways:
            shown = _encode(f"\0{server.user}\0{server.password}")
            await self.ask(Stage.LOGIN, f"AUTH PLAIN {shown}", 235)
        elif "LOGIN" in ways:
            await self.ask(Stage.LOGIN, "AUTH LOGIN", 334)
            await self.ask(Stage.LOGIN, _encode(server.user), 334)
            await self.ask(Stage.LOGIN, _encode(server.password), 235)
        else:
            raise Unsuitable("no_login", "the mail server offers no way to log in that we know")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which we speak to a server."""

    trust: SSLContext
    own_name: str
    """What we call ourselves."""
    read_timeout: float
    """Seconds after which the kernel gives up as we do."""


async def connect_to(server: MailServer, terms: Terms) -> SmtpConnection:
    """Connect, encrypt and log in; nothing is said of a mail, and no password, before it is encrypted.

    Raises:
        Unsuitable: the server offers no STARTTLS, or no login that we know.
        SmtpDeclined, Garbled, OSError: it did not get that far.
    """
    lines = _Lines()
    lower = await _open(server, terms.read_timeout, lines)
    connection = SmtpConnection(lines, Outlet(lower, lower))
    try:
        await connection.hear(Stage.GREETING, 220)
        await connection.greet(terms.own_name)
        await connection.ask_to_encrypt()
        connection = await _encrypt(lines, lower, server, terms.trust)
        await connection.greet(terms.own_name)
        await connection.log_in(server)
    except BaseException:
        connection.outlet.abort()
        lower.abort()
        raise
    return connection


async def _open(server: MailServer, read_timeout: float, lines: _Lines) -> Transport:
    """Connect to the first of the host's addresses that takes us.

    Raises:
        OSError: none does.
    """
    loop = asyncio.get_running_loop()
    refused: OSError = ConnectionRefusedError()
    for found in await loop.getaddrinfo(server.host, server.port, type=1):
        opened = open_socket(read_timeout, found)
        try:
            opened.setblocking(False)
            await loop.sock_connect(opened, found[4])
        except OSError as error:
            opened.close()
            refused = error
        except BaseException:
            opened.close()
            raise
        else:
            made: tuple[Any, Any] = await loop.create_connection(lambda: lines, sock=opened)
            return made[0]  # type: ignore[no-any-return]  # the loop's own transport
    raise refused


async def _encrypt(
    lines: _Lines, lower: Transport, server: MailServer, context: SSLContext
) -> SmtpConnection:
    # What came before was said by nobody we know: RFC 3207, section 4.2, and CVE-2011-0411.
    if not lines.is_idle:
        raise Garbled
    loop = asyncio.get_running_loop()
    upper = await loop.start_tls(lower, lines, context, server_hostname=server.host)
    if upper is None:
        raise SSLError
    return SmtpConnection(lines, Outlet(upper, lower))


def _encode(words: str) -> str:
    return b64encode(words.encode()).decode()
