"""Connections that we can see through: what was handed over, and whether the kernel has all of it."""

import asyncio
import os
import socket
import struct
from functools import partial
from ssl import SSLContext
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import AddrInfoType, Connection

# Below the idle time of any load balancer in front of a provider: a connection that the other side is
# about to close would turn the next request into a doubt.
IDLE_SECONDS = 15.0
# A thousand grouped mails are some 400 kB, and a fresh socket takes 16. What the kernel grants may be
# less, see net.core.wmem_max; it is asked, and what is larger leaves in two parts.
SEND_BUFFER = 1024 * 1024
# The last part of what leaves in two: a socket that says it is writable has more room than this.
LAST_PART = 2048


class CutOff(Exception):
    """The kernel took only a part of a request; the rest was thrown away."""


class Outlet:
    """The outlet by which the requests of one connection leave.

    Args:
        upper: what takes plain bytes.
        lower: what takes those of the wire; under TLS another.
    """

    def __init__(self, upper: asyncio.Transport, lower: asyncio.Transport) -> None:
        self._upper = upper
        self._lower = lower
        self._twin: _Twin | None = None
        self._socket: socket.socket = lower.get_extra_info("socket")
        # The kernel says twice what it was granted: it counts its own bookkeeping.
        self._room: int = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2

    def takes(self, request: bytes) -> bool:
        """Return whether the kernel takes it at once, however small the window of the reader."""
        return len(request) + len(request) // 64 <= self._room  # records of TLS add less than that

    def write(self, request: bytes) -> None:
        """Hand it to the kernel before this returns.

        Raises:
            CutOff: some of it would have been sent later. It won't be.
            ConnectionResetError: nobody is there to take it.
        """
        self._check_alive()
        self._upper.write(request)
        if self._waiting:
            self.abort()
            raise CutOff("the kernel did not take the whole request")

    def say(self, part: bytes) -> None:
        """Send something that is nothing without what follows, whenever the kernel takes it.

        Raises:
            ConnectionResetError: nobody is there to take it.
        """
        self._check_alive()
        self._upper.write(part)

    async def write_first_part(self, request: bytes) -> bytes:
        """Send all but a little, and return that as soon as the kernel has room for it."""
        await self.push(request[:-LAST_PART])
        return request[-LAST_PART:]

    async def push(self, part: bytes) -> None:
        """The same, and wait until the kernel has all of it and room for what follows."""
        self.say(part)
        while self._waiting:
            await self._writable()
        await self._writable()  # once more: what waited may have filled the kernel's buffer again

    def _check_alive(self) -> None:
        if self._upper.is_closing():
            raise ConnectionResetError

    @property
    def _waiting(self) -> int:
        if self._upper.is_closing():  # by an error: nothing waits any more
            return 0
        return self._upper.get_write_buffer_size() + self._lower.get_write_buffer_size()

    async def _writable(self) -> None:
        """Until a third of the kernel's buffer is free."""
        self._check_alive()
        self._twin = _Twin(self._socket)
        try:
            await self._twin.ready.wait()
        finally:
            self._twin.close()

    def abort(self) -> None:
        """Close without a word: a closed transport still flushes its buffer, an aborted one does not."""
        self._upper.abort()
        self._lower.abort()
        if self._twin:
            self._twin.close()


class _Twin:
    """A second descriptor of a socket that the loop watches already, to learn when it has room.

    As long as it is open so is the socket, whoever closes the first.
    """

    def __init__(self, first: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready = asyncio.Event()
        self._descriptor: int | None = os.dup(first.fileno())
        self._loop.add_writer(self._descriptor, self.ready.set)

    def close(self) -> None:
        """Let nobody wait any longer."""
        if self._descriptor is not None:
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
        self.ready.set()


class Connector(aiohttp.TCPConnector):
    """A pool that knows the outlet of each of its connections.

    Args:
        limit: connections open at once.
        read_timeout: seconds after which the kernel gives up as we do.
        trust: whose certificates are good; None: the machine's.
    """

    def __init__(self, *, limit: int, read_timeout: float, trust: SSLContext | None) -> None:
        super().__init__(
            limit=limit,
            ssl=trust or True,
            keepalive_timeout=IDLE_SECONDS,
            socket_factory=partial(open_socket, read_timeout),
        )
        self._outlets: WeakKeyDictionary[ResponseHandler, Outlet] = WeakKeyDictionary()

    def outlet(self, connection: Connection) -> Outlet:
        """Return where this one's requests leave."""
        assert connection.protocol is not None
        return self._outlets[connection.protocol]

    def abort_all(self) -> int:
        """Abort every connection, whatever it is doing. Returns how many there were."""
        outlets = list(self._outlets.values())
        for outlet in outlets:
            outlet.abort()
        return len(outlets)

    async def _wrap_create_connection(
        self,
        *args: Any,  # noqa: ANN401  as the original
        req: aiohttp.ClientRequest,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  its name in the original
        ssl: SSLContext | None = None,
        server_hostname: str | None = None,  # noqa: ARG002  the request names it
        **kwargs: Any,  # noqa: ANN401
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        """Connect first and speak TLS then: in one step nobody would be told of the lower transport."""
        lower, protocol = await super()._wrap_create_connection(
            *args, req=req, timeout=timeout, **kwargs
        )
        upper: Any = lower
        if ssl is not None:
            upper, protocol = await self._start_tls_connection(lower, req, timeout)
        self._outlets[protocol] = Outlet(upper, lower)
        return upper, protocol


def open_socket(read_timeout: float, address: AddrInfoType) -> socket.socket:
    """A socket whose kernel gives up when we do.

    Without these a request written into a broken network was seen to arrive 8 s after its sender had
    timed out and closed the socket.
    """
    family, kind, protocol, *_ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    # Closing drops unsent bytes and resets, instead of delivering them in the background.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = int(read_timeout * 1000)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    return opened
