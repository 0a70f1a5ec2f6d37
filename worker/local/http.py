"""Callbacks, API with console, and webhooks in one process. `python -m tasks.process http`.

For a house that fits on one small host: each has a thread and an event loop of its own, and each door its
own port.
"""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from math import inf
from threading import Event, Thread

import structlog

from config import logs
from config.start import load_or_exit
from tasks import webhooks
from tasks.stop import stop_when_asked
from worker.api import __main__ as api
from worker.dispatch.database_identity import REFUSED, is_refused
from worker.dispatch.presence import Presence
from worker.heartbeat import HEART
from worker.runtime import AuditDoor, Runtime, build
from worker.web import __main__ as web

log = structlog.get_logger()

FAILED = 1


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 where one of them ended before."""
    settings = load_or_exit("http")
    logs.set_up(settings.log_level, "http")
    stop = stop_when_asked()
    HEART.start("http")
    public, private = build(settings), build(settings, AuditDoor.API)
    if is_refused(public.engine, public.memories):
        return REFUSED
    presence = Presence(public.engine, measures=settings.process_metrics)
    presence.begin()
    HEART.beat(inf)
    ended_early = _run_until(
        stop,
        partial(web.keep_open, public),
        partial(api.keep_open, private),
        partial(_tell, public),
    )
    presence.end()
    return FAILED if ended_early else 0


def _run_until(stop: Event, *parts: Callable[[Event], object]) -> bool:
    """Run them side by side until all are asked to end, or one has. Returns whether one ended unasked."""
    unasked = Event()

    def run(part: Callable[[Event], object]) -> None:
        HEART.watch()
        try:
            part(stop)
        except (Exception, SystemExit) as error:  # noqa: BLE001  a port that is taken is told by an exit
            log.critical("part_failed", error=type(error).__name__)
        if not stop.is_set():
            unasked.set()
            stop.set()

    threads = [Thread(target=run, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return unasked.is_set()


def _tell(runtime: Runtime, stop: Event) -> None:
    asyncio.run(_tell_until(runtime, stop))


async def _tell_until(runtime: Runtime, stop: Event) -> None:
    asked = asyncio.Event()

    async def hear() -> None:
        await asyncio.to_thread(stop.wait)
        asked.set()

    async with asyncio.TaskGroup() as both:
        both.create_task(hear())
        both.create_task(webhooks.tell_until(asked, runtime))


if __name__ == "__main__":
    sys.exit(main())
