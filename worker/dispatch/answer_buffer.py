"""The buffer of results that the store has not taken yet: above all, answers of calls that were made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from time import monotonic

import structlog

from worker.heartbeat import HEART
from worker.store.connect import Engine, StoreUnavailable
from worker.store.database_identity import DatabaseChanged

log = structlog.get_logger()

PAUSE = 0.5


def _nobody() -> Engine:
    raise StoreUnavailable("the database changed, and nobody has accepted the new one")


@dataclass(slots=True)
class AnswerBuffer:
    """Waits with what must be written until the store takes it; one for all threads of a process.

    What waits is bounded by what is under way: whoever keeps an answer is not free for another chunk,
    and the others take up nothing while anything `keeps`.
    """

    drain: float = 0.0
    """Seconds for which a process that was asked to stop still waits."""
    successor: Callable[[], Engine] = _nobody
    """The way to the database in this one's place, once an operator has accepted it."""
    pause: float = PAUSE
    doubted: int = 0
    """Answers that were given up: their attempts go into doubt."""
    _kept: int = 0
    _ends: float | None = None
    _stopping: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    @property
    def keeps(self) -> bool:
        """Return whether anything waits to be written."""
        return self._kept > 0

    def stop(self) -> None:
        """The process was asked to end: from here on nothing waits longer than `drain`."""
        self._ends = self._ends or monotonic() + self.drain
        self._stopping.set()

    def until_taken(
        self, engine: Engine, step: Callable[[Engine], object], *, answers: int = 0
    ) -> None:
        """Run a step that may be repeated, until the store has taken it or there is no time left.

        Args:
            engine: where to write.
            step: what to write; raises StoreUnavailable where that was not taken.
            answers: how many answers are lost with it.
        """
        if self._try(engine, step):
            return
        self._count(1)
        try:
            while not self._over():
                self._wait()
                if self._try(engine, step):
                    return
        finally:
            self._count(-1)
        with self._lock:
            self.doubted += answers

    def _try(self, engine: Engine, step: Callable[[Engine], object]) -> bool:
        try:
            try:
                step(engine)
            except DatabaseChanged:
                step(self.successor())
        except StoreUnavailable as error:
            log.warning("store_waited_for", why=str(error))
            return False
        return True

    def _over(self) -> bool:
        return self._ends is not None and monotonic() >= self._ends

    def _wait(self) -> None:
        """A nap; one that ends no later than the time there is."""
        HEART.beat(self.pause)
        if self._ends is None:
            self._stopping.wait(self.pause)
        else:
            Event().wait(max(0.0, min(self.pause, self._ends - monotonic())))

    def _count(self, by: int) -> None:
        with self._lock:
            self._kept += by
