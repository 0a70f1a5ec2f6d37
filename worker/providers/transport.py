"""The one way out: a pool of connections under both SDKs that knows whether a byte left.

Neither provider takes an idempotency key, so the transport has to say, for each failure, whether the
request may have arrived. The line between the two is drawn in `_GuardedRequest.send`: it has a
connection and the whole request in one piece. Both clocks are read and the kernel has all of it before
anything else can run. Past the deadline nothing is written; from there on every failure is `Unknown`,
whatever its name.
"""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from ssl import SSLContext
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_writer import StreamWriter, _serialize_headers
from yarl import URL

from worker.domain.evidence.answers import NotSent, Unknown
from worker.providers.absence import AbsenceWatch
from worker.providers.connections import Connector, CutOff, Outlet
from worker.providers.deadline_clock import Moment
from worker.providers.http_replies import Reply, Unanswered

# A list of 200 calls is about 400 kB; anything larger than this is no answer of a provider.
LARGEST_REPLY = 2 * 1024 * 1024

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
    (CutOff, "cut_off"),
    (aiohttp.ClientPayloadError, "truncated"),
    (aiohttp.ClientResponseError, "garbled"),
    (ValueError, "garbled"),
)


class Transport:
    """Pooled HTTP without retries, redirects, cookies or proxies.

    Must be made inside the event loop that uses it.

    Args:
        connect_timeout: seconds for name, connection, TLS and the wait for a free place together.
        read_timeout: seconds from the first byte written to the last byte read.
        limit: connections open at once.
        longest_absence: seconds; a process that stood still for longer closes every connection at once.
        trust: whose certificates are good; None: the machine's.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        limit: int,
        longest_absence: float = 120.0,
        trust: SSLContext | None = None,
    ) -> None:
        self._read_timeout = read_timeout
        self._connector = Connector(limit=limit, read_timeout=read_timeout, trust=trust)
        self._watch = AbsenceWatch(longest_absence, self._connector.abort_all)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
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
        deadline: Moment | None = None,
    ) -> Reply:
        """Send one request, at most once, and read the whole reply.

        aiohttp repeats an idempotent GET when a kept connection turns out dead; a POST never.

        Args:
            method: GET or POST.
            url: with its query, already encoded.
            headers: as composed by an SDK.
            body: what to send.
            deadline: the last byte of the request leaves before it, or never.

        Raises:
            Unanswered: with `NotSent` where no byte was written, else with `Unknown`.
        """
        with _Writing(body, deadline, self._read_timeout, self._connector, self._watch) as writing:
            try:
                async with asyncio.timeout(None) as writing.patience:
                    return await self._ask(method, url, headers, body)
            except _PastDeadline:
                raise Unanswered(writing.too_late) from None
            except (aiohttp.ClientError, CutOff, OSError, ValueError) as error:
                raise Unanswered(_outcome(error, written=writing.outlet is not None)) from None

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        if body is not None:
            headers = {**headers, "Content-Length": str(len(body))}
        request = self._session.request(
            method, URL(url, encoded=True), headers=headers, allow_redirects=False
        )
        async with request as response:
            text = await _read(response)
            return Reply(response.status, response.headers, text)

    async def close(self) -> None:
        """Close every connection; what of a request has not left yet never does."""
        self._watch.end()
        self._connector.abort_all()
        await self._session.close()


class _PastDeadline(Exception):
    """It is too late for the last byte."""


@dataclass(slots=True)
class _Writing:
    """The progress of one exchange; the request finds it in its own context."""

    body: bytes | None
    deadline: Moment | None
    read_timeout: float
    connector: Connector
    watch: AbsenceWatch
    patience: asyncio.Timeout | None = None
    outlet: Outlet | None = None
    """Where a part of it or all has left."""

    def __enter__(self) -> Self:
        _writing.set(self)
        return self

    async def leave(self, outlet: Outlet, request: bytes) -> None:
        """Write the request, its last byte in time or never.

        Raises:
            _PastDeadline: it was too late, for all of it or for its last part.
            CutOff: the kernel did not take what it said it would.
        """
        if not outlet.takes(request):
            self._permit(outlet)
            request = await outlet.write_first_part(request)
        self._permit(outlet)
        outlet.write(request)

    def _permit(self, outlet: Outlet) -> None:
        """The last line before a write: whatever comes between the two widens what is left to chance."""
        assert self.patience is not None
        self.patience.reschedule(asyncio.get_running_loop().time() + self.read_timeout)
        if self.deadline is not None and self.deadline.passed:
            raise _PastDeadline
        self.outlet = outlet

    @property
    def too_late(self) -> NotSent | Unknown:
        """Return an answer for a missed deadline: a part without its end should be nothing to its reader."""
        return Unknown("deadline") if self.outlet else NotSent("deadline")

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        # A closed transport still flushes its buffer: bytes would arrive after we gave up.
        if kind is not None and self.outlet is not None:
            self.outlet.abort()


_writing: ContextVar[_Writing] = ContextVar("writing")


class _GuardedRequest(aiohttp.ClientRequest):
    """Writes itself at once and in one piece.

    aiohttp would leave that to a task of its own, which runs when the loop comes to it: of 400 requests
    all were permitted up to 100 ms before the first byte left.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        writing = _writing.get()
        line = f"{self.method} {self.url.raw_path_qs} HTTP/1.1"
        request = _serialize_headers(line, self.headers) + (writing.body or b"")
        writing.watch.look()
        try:
            await writing.leave(writing.connector.outlet(conn), request)
        except _PastDeadline:
            if writing.outlet is None:
                conn.release()  # unused and whole: the next request may have it
            raise
        assert conn.protocol is not None
        response = self._await_answer(StreamWriter(conn.protocol, self.loop))
        self.response = response  # type: ignore[assignment]  # as the original does
        return response

    def _await_answer(self, idle: StreamWriter) -> aiohttp.ClientResponse:
        """The response to come, as the original makes it of a request that is written already."""
        return self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=[],
            loop=self.loop,
            session=self._session,
            stream_writer=idle,
        )


async def _read(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > LARGEST_REPLY:
            raise aiohttp.ClientPayloadError("the reply is too large")
    return body.decode("utf-8", "replace")


def _outcome(error: BaseException, *, written: bool) -> NotSent | Unknown:
    if written:
        return Unknown(_name_error(error, _AFTER_WRITING) or "connection_lost")
    return NotSent(_name_error(error, _BEFORE_WRITING) or _connect_failure(error))


def _name_error(
    error: BaseException, names: tuple[tuple[type[BaseException], str], ...]
) -> str | None:
    return next((name for kind, name in names if isinstance(error, kind)), None)


def _connect_failure(error: BaseException) -> str:
    refused = isinstance(getattr(error, "os_error", None), ConnectionRefusedError)
    return "refused" if refused else "unreachable"
