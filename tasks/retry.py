"""Waiting for the store at a door, with what is behind it waiting in the queue."""

from collections.abc import Callable
from threading import Event

import structlog

from worker.heartbeat import HEART

log = structlog.get_logger()

PAUSE = 1.0
TRIES = 20

STOPPING = Event()
"""Set once this process was asked to end: what is not taken is given back at once."""


def retry_while_unavailable(
    step: Callable[[], object],
    give_back: Callable[[], object],
    *,
    tries: int = TRIES,
    pause: float = PAUSE,
    stopping: Event = STOPPING,
) -> None:
    """Run a step until it was taken, or what it was about is back in the queue.

    Whatever is raised means "not taken": only the step itself may judge what came in. After some tries
    it goes back, so that one the store never takes does not keep the others waiting; where the broker
    does not take it back either, it is tried on.
    """
    while True:
        for _ in range(tries):
            if _done(step, "not_taken_yet"):
                return
            if stopping.wait(pause):
                break
        if _done(give_back, "not_given_back_yet"):
            return
        stopping.wait(0 if not stopping.is_set() else pause)


def _done(step: Callable[[], object], event: str) -> bool:
    try:
        with HEART.at_work():
            step()
    except Exception as error:  # noqa: BLE001  a door: whatever it was, the message is not lost
        log.warning(event, error=type(error).__name__)
        return False
    return True
