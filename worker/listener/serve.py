"""Serve an application until SIGTERM."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

import uvicorn
from starlette.types import ASGIApp

from worker.heartbeat import HEART
from worker.listener.one_line import OneLine
from worker.listener.protocol import MAX_REQUEST, Listening
from worker.listener.room import MOST_BYTES, Room

# Providers deliver in a fraction of a second; a phone with one bar, which unsubscribes, in a few.
PATIENCE = 10.0


def _tell_nobody(why: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds on what a door bears of those who send.

    `patience`: seconds a request may take to come; `largest`: bytes of one; `most_bytes`: bytes of all
    that have not come whole.
    """

    patience: float = PATIENCE
    largest: int = MAX_REQUEST
    most_bytes: int = MOST_BYTES


USUAL = Bounds()


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    tell: Callable[[str], object] = _tell_nobody,
    bounds: Bounds = USUAL,
    stop: Event | None = None,
) -> None:
    """Listen, serve, and return once a signal has ended it, or in a thread of its own `stop` has.

    Args:
        app: the application.
        host: address to listen on.
        port: port to listen on.
        tell: hears in a word why a connection was dropped.
        bounds: what is borne of those who send.
        stop: where the main thread hears the signals, what it sets.
    """
    terms = Listening(
        OneLine(app),
        patience=bounds.patience,
        room=Room(most_bytes=bounds.most_bytes),
        largest=bounds.largest,
        tell=tell,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # a path carries a token
        server_header=False,
        proxy_headers=False,  # who is there is the connection's own address, not what a header says
    )
    _Server(terms, stop or Event()).run()


class _Server(uvicorn.Server):
    def __init__(self, terms: Listening, stop: Event) -> None:
        super().__init__(terms)
        self._stop = stop

    async def on_tick(self, counter: int) -> bool:
        """Be alive as long as the loop turns, ten times a second."""
        HEART.beat()
        return await super().on_tick(counter) or self._stop.is_set()
