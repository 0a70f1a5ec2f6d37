"""The one way out: a pool of connections under both SDKs that knows whether a byte left.

Neither provider takes an idempotency key, so the transport has to say, for each failure, whether the
request may have arrived. The line between the two is drawn in `_GuardedRequest.send`: it has a
connection and has written nothing. Past the deadline it goes no further; from there on every failure
is `Unknown`, whatever its name.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.connector import AddrInfoType, Connection
from yarl import URL

from worker.domain.answers import NotSent, Unknown
from worker.providers.replies import Reply, Unanswered

# Below the idle time of any load balancer in front of a provider: a connection that the other side is
# about to close would turn the next request into a doubt.
IDLE_SECONDS = 15.0
# A list of 200 calls is about 400 kB; anything larger than this is no answer of a provider.
LARGEST_REPLY = 2 * 1024 * 1024

_BOOT_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# In order: the first class that fits names the failure.
_BEFORE_WRITING: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientConnectorCertificateError, "tls"),
    (aiohttp.ClientConnectorSSLError, "tls"),
    (TimeoutError, "connect_timeout"),
    (ValueError, "bad_address"),
)
_AFTER_WRITING: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "read_timeout"),
    (aiohttp.ClientPayloadError, "truncated"),
    (aiohttp.ClientResponseError, "garbled"),
    (ValueError, "garbled"),
)


def boot_clock() -> float:
    """Seconds on a clock that also counts while the machine is suspended, where there is one."""
    return time.clock_gettime(_BOOT_CLOCK)


class Transport:
    """Pooled HTTP without retries, redirects, cookies or proxies.

    Must be made inside the event loop that uses it.

    Args:
        connect_timeout: seconds for name, connection, TLS and the wait for a free place together.
        read_timeout: seconds from the first byte written to the last byte read.
        limit: connections open at once.
    """

    def __init__(self, *, connect_timeout: float, read_timeout: float, limit: int) -> None:
        self._read_timeout = read_timeout
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=limit,
                keepalive_timeout=IDLE_SECONDS,
                socket_factory=partial(_open_socket, read_timeout),
            ),
            request_class=_GuardedRequest,
            # Reading has its own clock in `_Writing`: one for all of it, so that a dripping body ends.
            timeout=aiohttp.ClientTimeout(connect=connect_timeout, sock_connect=connect_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
        )

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        deadline: float | None = None,
    ) -> Reply:
        """Send one request, at most once, and read the whole reply.

        aiohttp repeats an idempotent GET when a kept connection turns out dead; a POST never.

        Args:
            method: GET or POST.
            url: with its query, already encoded.
            headers: as composed by an SDK.
            body: what to send.
            deadline: on `boot_clock`; not a byte is written after it.

        Raises:
            Unanswered: with `NotSent` where no byte was written, else with `Unknown`.
        """
        with _Writing(deadline, self._read_timeout) as writing:
            try:
                async with asyncio.timeout(None) as writing.patience:
                    return await self._ask(method, url, headers, body)
            except _PastDeadline:
                raise Unanswered(NotSent("deadline")) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise Unanswered(_outcome(error, written=writing.written)) from None

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        request = self._session.request(
            method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
        )
        async with request as response:
            text = await _read(response)
            return Reply(response.status, response.headers, text)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


class _PastDeadline(Exception):
    """The connection came too late; nothing was written to it."""


@dataclass(slots=True)
class _Writing:
    """How far one exchange has come; the request finds it in its own context."""

    deadline: float | None
    read_timeout: float
    patience: asyncio.Timeout | None = None
    transport: asyncio.Transport | None = None
    written: bool = False

    def __enter__(self) -> Self:
        _writing.set(self)
        return self

    def begin(self, transport: asyncio.Transport | None) -> None:
        """The last line before the request is written."""
        if self.deadline is not None and boot_clock() >= self.deadline:
            raise _PastDeadline
        self.written = True
        self.transport = transport
        assert self.patience is not None
        self.patience.reschedule(asyncio.get_running_loop().time() + self.read_timeout)

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        # A closed transport still flushes its buffer: bytes would arrive after we gave up.
        if kind is not None and self.transport is not None:
            self.transport.abort()


_writing: ContextVar[_Writing] = ContextVar("writing")


class _GuardedRequest(aiohttp.ClientRequest):
    """Asks for permission between getting a connection and writing to it."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        try:
            _writing.get().begin(conn.transport)
        except _PastDeadline:
            conn.release()  # unused and whole: the next request may have it
            raise
        return await super().send(conn)


def _open_socket(read_timeout: float, address: AddrInfoType) -> socket.socket:
    """A socket whose kernel gives up when we do.

    Without these a request written into a broken network was seen to arrive 8 s after its sender had
    timed out and closed the socket.
    """
    family, kind, protocol, *_ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Closing drops unsent bytes and resets, instead of delivering them in the background.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = int(read_timeout * 1000)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    return opened


async def _read(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > LARGEST_REPLY:
            raise aiohttp.ClientPayloadError("the reply is too large")
    return body.decode("utf-8", "replace")


def _outcome(error: BaseException, *, written: bool) -> NotSent | Unknown:
    if written:
        return Unknown(_named(error, _AFTER_WRITING) or "connection_lost")
    return NotSent(_named(error, _BEFORE_WRITING) or _connect_failure(error))


def _named(error: BaseException, names: tuple[tuple[type[BaseException], str], ...]) -> str | None:
    return next((name for kind, name in names if isinstance(error, kind)), None)


def _connect_failure(error: BaseException) -> str:
    refused = isinstance(getattr(error, "os_error", None), ConnectionRefusedError)
    return "refused" if refused else "unreachable"
