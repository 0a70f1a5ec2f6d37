"""HTTP/1.1 as uvicorn speaks it, with the limits it lacks: time, size and room for each request."""

import asyncio
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from worker.listener.room import Room

MAX_HEAD = 64 * 1024
MAX_REQUEST = 4 * 1024 * 1024
"""Bytes on the wire; a door's own limit answers earlier, this one hangs up on who sends on."""


class Listening(uvicorn.Config):
    """uvicorn's settings, and what our protocol asks of each connection.

    Args:
        patience: seconds a whole request may take to arrive, and its answer to be taken.
        room: the place for those that have not arrived.
        tell: hears in a word why a connection was dropped: `too_slow`, `too_large` or `no_room`.
        largest: bytes of a request.
    """

    def __init__(
        self,
        app: Any,  # noqa: ANN401  uvicorn's own signature
        *,
        patience: float,
        room: Room,
        tell: Callable[[str], object],
        largest: int = MAX_REQUEST,
        **options: Any,  # noqa: ANN401  uvicorn's own
    ) -> None:
        super().__init__(app, http=BoundedProtocol, ws="none", **options)
        self.patience, self.room, self.tell = patience, room, tell
        self.largest = largest


class BoundedProtocol(HttpToolsProtocol):
    """One connection: waited for from its first moment, and from each next request's first byte."""

    received = 0
    _has_head = False
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    @property
    def _terms(self) -> Listening:
        assert isinstance(self.config, Listening)
        return self.config

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request."""
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        self.resume_writing()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request, if it is not one too many."""
        if self._deadline is None and self._is_at_rest():
            self._await_request()
        self._terms.room.receive(self, len(data))
        if self.transport.is_closing():
            return
        super().data_received(data)
        limit = self._terms.largest if self._has_head else MAX_HEAD
        if self._deadline is not None and self.received > limit:
            self.drop("too_large")

    def on_message_begin(self) -> None:
        """A request begins, maybe behind one that is being answered."""
        super().on_message_begin()
        self._has_head = False
        if self._deadline is None:
            self._await_request()

    def on_headers_complete(self) -> None:
        """From now on it is the body that comes."""
        self._has_head = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It is here."""
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is written; who does not take it is not waited for either."""
        super().on_response_complete()
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.loop.call_later(self._terms.patience, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came any more; what was not taken until now never will be."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """The answer is not being taken."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._terms.patience, self.drop, "too_slow")

    def resume_writing(self) -> None:
        """It is."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def drop(self, why: str) -> None:
        """Close the connection at once, whatever was under way."""
        self._stop_waiting()
        if not self.transport.is_closing():
            self._terms.tell(why)
        self.transport.abort()

    def _is_at_rest(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _await_request(self) -> None:
        self.received = 0
        self._deadline = self.loop.call_later(self._terms.patience, self.drop, "too_slow")
        self._terms.room.enter(self)

    def _stop_waiting(self) -> None:
        self._terms.room.leave(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
