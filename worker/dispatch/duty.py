"""Do one of the scheduler's duties, if it is this scheduler's turn: guarded, timed, reported by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from worker.store import duties
from worker.store.connect import Engine, in_one_statement
from worker.store.duties import SCAN, SHARED, DutyRow

__all__ = ["SCAN", "SHARED", "Duty", "DutyRow", "TurnNotes", "perform"]

log = structlog.get_logger()

# A little early, so that who looks exactly when the time is over does not find it a moment short.
EARLY = 0.9


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that has to be done again and again.

    A `shared` one is done by whichever scheduler looks first; the others each does for itself.
    """

    name: str
    step: Callable[[], object]
    every: float
    """Seconds."""
    shared: bool = True


@dataclass(slots=True)
class TurnNotes:
    """Writes down now and then that a loop goes round: for whoever would miss it."""

    engine: Engine
    name: str
    every: float
    """Seconds; at most this often."""
    _next: float = 0.0

    def tell(self) -> None:
        """A turn went well."""
        if monotonic() >= self._next:
            in_one_statement(self.engine, duties.note, self.name, timedelta(seconds=self.every))
            self._next = monotonic() + self.every


def perform(engine: Engine, duty: Duty) -> bool:
    """Do it if it is our turn; whatever it raises ends here. Returns whether it was done."""
    try:
        if duty.shared and not _is_ours(engine, duty):
            return False
    except Exception as error:  # noqa: BLE001  without a store there is nothing to look after
        log.warning("duty_waits", duty=duty.name, error=type(error).__name__)
        return False
    began, fault = monotonic(), None
    try:
        duty.step()
    except Exception as error:  # noqa: BLE001  one that fails must stop neither the others nor its next turn
        fault = type(error).__name__
    seconds = monotonic() - began
    _tell(duty, seconds, fault)
    if duty.shared:
        _report(engine, duty, seconds, fault)
    return fault is None


def _is_ours(engine: Engine, duty: Duty) -> bool:
    every = timedelta(seconds=duty.every * EARLY)
    return in_one_statement(engine, duties.take_turn, duty.name, every)


def _tell(duty: Duty, seconds: float, fault: str | None) -> None:
    if fault is not None:
        log.error("duty_failed", duty=duty.name, error=fault, seconds=round(seconds, 3))
    elif seconds > duty.every:
        log.warning("duty_slow", duty=duty.name, seconds=round(seconds, 3))


def _report(engine: Engine, duty: Duty, seconds: float, fault: str | None) -> None:
    try:
        in_one_statement(engine, duties.report, duty.name, seconds, fault)
    except Exception as error:  # noqa: BLE001  it was done all the same
        log.warning("duty_not_reported", duty=duty.name, error=type(error).__name__)
