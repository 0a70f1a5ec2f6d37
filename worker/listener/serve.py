"""Serve an application until SIGTERM."""

from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from worker.listener.one_line import OneLine
from worker.listener.protocol import Listening
from worker.listener.room import Room

# Providers deliver in a fraction of a second; a phone with one bar, which unsubscribes, in a few.
PATIENCE = 10.0


def _tell_nobody(why: str) -> None:
    pass


def serve(
    app: ASGIApp, host: str, port: int, *, tell: Callable[[str], object] = _tell_nobody
) -> None:
    """Listen, serve, and return once a signal has ended it.

    Args:
        app: the application.
        host: address to listen on.
        port: port to listen on.
        tell: hears in a word why a connection was dropped.
    """
    terms = Listening(
        OneLine(app),
        patience=PATIENCE,
        room=Room(),
        tell=tell,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # a path carries a token
        server_header=False,
    )
    uvicorn.Server(terms).run()
