"""The room for requests that are not here yet: bounded, and who has been waited for longest leaves first.

An honest request arrives within milliseconds, so that it is never the oldest for long; a thousand that
were begun and left standing only push each other out.
"""

import resource
from typing import Protocol

MOST_WAITED_FOR = 1_000
MOST_BYTES = 64 * 1024 * 1024


class Waited(Protocol):
    """A connection that owes us a request, or a part of one."""

    received: int

    def drop(self, why: str) -> None:
        """Close it at once."""


class Room:
    """Counts who is waited for, and what they have sent so far; must be used from one event loop."""

    def __init__(self, most: int | None = None, most_bytes: int = MOST_BYTES) -> None:
        self._most = most or min(
            MOST_WAITED_FOR, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2
        )
        self._most_bytes = most_bytes
        self._waited_for: dict[Waited, None] = {}
        self._bytes = 0

    def enter(self, connection: Waited) -> None:
        """A request is waited for from now on."""
        self.leave(connection)
        self._waited_for[connection] = None
        self._bytes += connection.received
        self._make_room()

    def receive(self, connection: Waited, size: int) -> None:
        """A part of it has come."""
        connection.received += size
        if connection in self._waited_for:
            self._bytes += size
            self._make_room()

    def leave(self, connection: Waited) -> None:
        """It is here, or never will be."""
        if connection in self._waited_for:
            del self._waited_for[connection]
            self._bytes -= connection.received

    def _make_room(self) -> None:
        while len(self._waited_for) > self._most or self._bytes > self._most_bytes:
            oldest = next(iter(self._waited_for))
            self.leave(oldest)
            oldest.drop("no_room")
