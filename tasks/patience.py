"""Waiting for the database at a door, with what is behind it waiting in the queue."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

import structlog

from worker.runtime import StoreUnavailable

T = TypeVar("T")
log = structlog.get_logger()

PAUSE = 1.0
TRIES = 20


def patiently(step: Callable[[], T], *, tries: int = TRIES, pause: float = PAUSE) -> T:
    """Run a step again while the database is away: what is behind it in the queue waits there.

    Raises:
        StoreUnavailable: it still was, at the last try.
    """
    waiting = Event()
    for _ in range(tries - 1):
        try:
            return step()
        except StoreUnavailable as error:
            log.warning("waiting_for_database", error=type(error).__name__)
            waiting.wait(pause)
    return step()
