"""The way to a mail server, which knows whether a mail may have been taken.

A mail is one transaction of one recipient. A server must not deliver one whose end it has not seen: all
that comes before `CRLF.CRLF` proves nothing but that nothing was sent. The deadline's guard stands right
before these five bytes, which are written alone; from there until a reply everything is Unknown, and a
reply of 4xx or 5xx is proof. RFC 5321, sections 4.1.1.4 and 4.2.5.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from worker.domain.evidence.answers import NotSent, Unknown
from worker.providers.absence import AbsenceWatch
from worker.providers.connections import IDLE_SECONDS, CutOff
from worker.providers.deadline_clock import Moment
from worker.providers.http_replies import Unanswered
from worker.providers.smtp_connections import (
    Garbled,
    MailServer,
    SmtpConnection,
    Terms,
    connect_to,
)
from worker.providers.smtp_replies import Stage

TERMINATOR = b"\r\n.\r\n"

# In order: the first class that fits names the failure.
_NAMES: tuple[tuple[type[BaseException], str], ...] = (
    (Garbled, "garbled"),
    (CutOff, "cut_off"),
    (socket.gaierror, "dns"),
    (ssl.SSLError, "tls"),
    (ConnectionRefusedError, "refused"),
    (ConnectionError, "connection_lost"),
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail on its way: its two commands, and its text with CRLF at the end of all lines but the last."""

    mail_from: str
    rcpt_to: str
    text: bytes


class SmtpTransport:
    """Pooled connections to one mail server, without retries and without another host to fall back on.

    Must be made inside the event loop that uses it.

    Args:
        server: where and as whom.
        own_name: what we call ourselves.
        connect_timeout: seconds to wait for a free place, and again until a connection is ready.
        read_timeout: seconds for all that comes before the terminator, and again for the reply to it.
        longest_absence: seconds; a process that stood still for longer closes every connection at once.
    """

    def __init__(
        self,
        server: MailServer,
        *,
        own_name: str,
        connect_timeout: float,
        read_timeout: float,
        longest_absence: float = 120.0,
    ) -> None:
        self._server = server
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        trust = ssl.create_default_context(cafile=server.ca_file)
        self._terms = Terms(trust, own_name, read_timeout)
        self._places = asyncio.Semaphore(server.connections)
        self._open: set[SmtpConnection] = set()
        self._free: list[tuple[float, SmtpConnection]] = []
        self._watch = AbsenceWatch(longest_absence, self._abort_all)

    @property
    def own_name(self) -> str:
        """Return what we call ourselves; the ids of our mails end in it."""
        return self._terms.own_name

    @property
    def return_path(self) -> str:
        """Return the mailbox that what can't be delivered comes back to; empty: each mail's own source."""
        return self._server.return_path

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[SmtpConnection]:
        """A connection that is ready; it is kept only where the mail was taken.

        Raises:
            Unanswered: none could be had.
            SmtpDeclined, Unsuitable: the server does not want us.
        """
        try:
            async with asyncio.timeout(self._connect_timeout):
                await self._places.acquire()
        except TimeoutError:
            raise Unanswered(NotSent("connect_timeout")) from None
        try:
            connection = await self._ready()
            try:
                yield connection
            except BaseException:
                self._drop(connection)
                raise
            self._keep(connection)
        finally:
            self._places.release()

    async def deliver(self, connection: SmtpConnection, mail: Envelope, deadline: Moment) -> None:
        """Hand one mail over, at most once; when this returns the server has taken it.

        Raises:
            Unanswered: with `NotSent` where the terminator was not written, else with `Unknown`.
            SmtpDeclined: the server refused it, which is proof.
        """
        written = False
        try:
            async with asyncio.timeout(self._read_timeout) as patience:
                await connection.ask(Stage.SENDER, mail.mail_from, 250)
                await connection.ask(Stage.RECIPIENT, mail.rcpt_to, 250, 251)
                await connection.ask(Stage.CONTENT, "DATA", 354)
                await connection.outlet.push(mail.text)
                self._watch.look()
                patience.reschedule(asyncio.get_running_loop().time() + self._read_timeout)
                if deadline.passed:
                    raise Unanswered(NotSent("deadline"))
                written = True
                connection.outlet.write(TERMINATOR)
                await connection.hear(Stage.CONTENT, 250)
        except (Garbled, CutOff, OSError) as error:
            raise Unanswered(_outcome(error, written=written)) from None

    async def close(self) -> None:
        """Close every connection; a mail whose end has not left yet never does."""
        self._watch.end()
        self._abort_all()

    async def _ready(self) -> SmtpConnection:
        while self._free:
            since, kept = self._free.pop()
            if time.monotonic() - since < IDLE_SECONDS and kept.is_usable:
                return kept
            self._drop(kept)
        try:
            async with asyncio.timeout(self._connect_timeout):
                made = await connect_to(self._server, self._terms)
        except TimeoutError:
            raise Unanswered(NotSent("connect_timeout")) from None
        except (Garbled, OSError) as error:
            raise Unanswered(NotSent(_name(error) or "unreachable")) from None
        self._open.add(made)
        return made

    def _keep(self, connection: SmtpConnection) -> None:
        if connection in self._open:
            self._free.append((time.monotonic(), connection))

    def _drop(self, connection: SmtpConnection) -> None:
        self._open.discard(connection)
        connection.outlet.abort()

    def _abort_all(self) -> int:
        dropped = list(self._open)
        for connection in dropped:
            self._drop(connection)
        self._free.clear()
        return len(dropped)


def _outcome(error: BaseException, *, written: bool) -> NotSent | Unknown:
    named = "read_timeout" if isinstance(error, TimeoutError) else _name(error)
    return Unknown(named or "connection_lost") if written else NotSent(named or "connection_lost")


def _name(error: BaseException) -> str | None:
    return next((name for kind, name in _NAMES if isinstance(error, kind)), None)
