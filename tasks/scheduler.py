"""The scheduler: a loop of its own, in as many replicas as you like. `python -m tasks.scheduler`.

Not Celery's beat, which ticks twice when there are two of it and not at all when there is none.
"""

import signal
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

import structlog

from config import logs
from tasks.app import runtime, settings
from tasks.publish import BROKER_AWAY, scan_and_publish
from tasks.start import wait_for_the_database
from worker.dispatch.clocks import tell_skew
from worker.dispatch.foresee import foresee
from worker.dispatch.probe import probe
from worker.dispatch.recall import recall_doubles
from worker.dispatch.recognize import know_the_database
from worker.dispatch.rescue import rescue
from worker.dispatch.settle import settle_waiting
from worker.dispatch.sweep import sweep
from worker.runtime import StoreUnavailable

log = structlog.get_logger()


def main() -> None:
    """Tick until SIGTERM or SIGINT; what is under way is finished first."""
    logs.set_up(settings.log_level)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    wait_for_the_database(stop)
    timing = settings.timing
    sweeper = Thread(target=_repeat, args=(look_after, timing.sweep, stop), name="sweeper")
    foreseer = Thread(target=_repeat, args=(look_ahead, timing.foresee, stop), name="foreseer")
    sweeper.start()
    foreseer.start()
    log.info("scheduler_ready", tick=timing.tick, sweep=timing.sweep)
    _repeat(scan_and_publish, timing.tick, stop)
    sweeper.join()
    foreseer.join()
    runtime().line.close()


def look_after() -> None:
    """Everything that time or silence decides, one after the other."""
    here = runtime()
    know_the_database(here.engine, here.memories)
    sweep(here.engine)
    probe(here.engine, here.line, timedelta(seconds=settings.timing.probe))
    settle_waiting(here.engine, here.patience)
    recall_doubles(here.engine, here.line, here.patience)
    while rescue(here.engine, here.line, here.patience) == 100:
        pass


def look_ahead() -> None:
    """What can be told before time decides it."""
    foresee(runtime().engine, runtime().ceilings)
    tell_skew(runtime().engine)


def _repeat(step: Callable[[], object], every: float, stop: Event) -> None:
    while not stop.is_set():
        try:
            step()
        except (StoreUnavailable, *BROKER_AWAY) as error:
            log.warning("step_failed", step=step.__name__, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001  a door: one bad tick must not be the last
            log.error("step_broke", step=step.__name__, error=type(error).__name__)
        stop.wait(every)


if __name__ == "__main__":
    main()
