"""The scheduler: a loop of its own, in as many replicas as you like. `python -m tasks.scheduler`.

Not Celery's beat, which ticks twice when there are two of it and not at all when there is none.
"""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

import structlog

from config import logs
from tasks.app import runtime, settings
from tasks.publish import scan_and_publish
from tasks.start import presence, wait_for_the_database
from tasks.stop import stop_when_asked
from tasks.unprefixed_messages import gather
from worker.desk.seals import seal_audit
from worker.dispatch.account_health import raise_accounts
from worker.dispatch.apply_reports import apply_waiting
from worker.dispatch.cancel import cancel_double_calls
from worker.dispatch.clock_skew import tell_skew
from worker.dispatch.database_identity import know_the_database
from worker.dispatch.deadline_check import check_deadlines
from worker.dispatch.duty import SCAN, Duty, TurnNotes, perform
from worker.dispatch.probe import probe
from worker.dispatch.rescue import rescue_all
from worker.dispatch.start_messages import hear_starts
from worker.dispatch.sweep import sweep
from worker.heartbeat import HEART

log = structlog.get_logger()


def main() -> None:
    """Tick until SIGTERM or SIGINT; what is under way is finished first."""
    logs.set_up(settings.log_level, "scheduler")
    stop = stop_when_asked()
    HEART.start("scheduler")
    wait_for_the_database(stop)
    schedule(stop, scan_and_publish)
    runtime().provider_loop.close()
    presence().end()


def schedule(stop: Event, scan: Callable[[], object]) -> None:
    """Do every duty again and again until `stop`; what is under way then is finished.

    Args:
        stop: the end.
        scan: claims what is due and passes it on.
    """
    timing = settings.timing
    # A thread each: one that hangs or takes its time keeps none of the others waiting.
    threads = [Thread(target=_repeat, args=(one, stop), name=one.name) for one in duties()]
    for thread in threads:
        thread.start()
    log.info("scheduler_ready", tick=timing.tick, sweep=timing.sweep)
    # Each scheduler's own: scans of one channel take turns by themselves.
    notes = TurnNotes(runtime().engine, SCAN, timing.sweep)

    def look() -> None:
        scan()
        HEART.turn("scheduler")
        notes.tell()

    HEART.turn("scheduler")

    _repeat(Duty(SCAN, look, timing.tick, shared=False), stop)
    for thread in threads:
        thread.join()


def duties() -> tuple[Duty, ...]:
    """Everything that time or silence decides. Two of them are questions to each host."""
    here, timing = runtime(), settings.timing
    engine, provider_loop, timeouts, every = (
        here.engine,
        here.provider_loop,
        here.timeouts,
        timing.sweep,
    )
    probing = timedelta(seconds=timing.probe)

    def ask_again() -> None:
        probe(engine, provider_loop, probing)
        raise_accounts(engine, provider_loop, here.delivery_limits.health)

    return (
        Duty("recognize", lambda: know_the_database(engine, here.memories), every, shared=False),
        Duty("sweep", lambda: sweep(engine), every),
        Duty("probe", ask_again, every),
        Duty("reports", lambda: apply_waiting(engine, timeouts), every),
        Duty("starts", lambda: hear_starts(engine, provider_loop), every),
        Duty("cancel", lambda: cancel_double_calls(engine, provider_loop, timeouts), every),
        Duty("rescue", lambda: rescue_all(engine, provider_loop, timeouts), every),
        Duty("strays", gather, every),
        Duty("deadlines", lambda: check_deadlines(engine, here.ceilings), timing.foresee),
        Duty("seal", lambda: seal_audit(engine), every),
        Duty("clocks", lambda: tell_skew(engine), timing.foresee, shared=False),
    )


def _repeat(duty: Duty, stop: Event) -> None:
    while not stop.is_set():
        perform(runtime().engine, duty)
        HEART.beat(duty.every)
        stop.wait(duty.every)


if __name__ == "__main__":
    main()
