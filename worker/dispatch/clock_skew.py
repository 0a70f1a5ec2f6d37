"""Tell when this host's clock and the database's are apart."""

import time
from collections.abc import Callable

import structlog

from worker.store.connect import Engine
from worker.store.server import SKEW_TOLD, read_skew

log = structlog.get_logger()


def tell_skew(engine: Engine, clock: Callable[[], float] = time.time) -> None:
    """Warn of a difference beyond a second: the database tells the time, and people read both."""
    ahead = read_skew(engine, clock)
    if abs(ahead) > SKEW_TOLD:
        log.warning("clocks_apart", host_is_ahead_by=round(ahead, 1))
