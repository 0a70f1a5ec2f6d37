"""The process that tells receivers outside. `python -m tasks.webhooks`, any number of them.

It shares nothing with dispatch but the database: a receiver that hangs delays no call.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from math import inf

import structlog

from config import logs
from config.start import load_or_exit
from worker.dispatch.database_identity import REFUSED, refuse_unrecognized, wait_until_known
from worker.dispatch.presence import Presence
from worker.domain.database_identity import RefusedToStart
from worker.heartbeat import HEART
from worker.runtime import Runtime, build

log = structlog.get_logger()


def main() -> int:
    """Tell until SIGTERM or SIGINT; what is under way is finished first."""
    settings = load_or_exit("webhooks")
    logs.set_up(settings.log_level, "webhooks")
    HEART.start("webhooks")
    try:
        asyncio.run(_tell(build(settings)))
    except RefusedToStart as error:
        log.critical("refused_to_start", why=str(error))
        return REFUSED
    return 0


async def _tell(runtime: Runtime) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    presence = Presence(runtime.engine, measures=runtime.settings.process_metrics)
    await tell_until(stop, runtime, presence.begin)
    presence.end()


async def tell_until(
    stop: asyncio.Event, runtime: Runtime, known: Callable[[], object] = lambda: None
) -> None:
    """Tell until it is set. Without a secret nothing is sent and everything waits.

    Args:
        stop: the end.
        runtime: what tells.
        known: called once the database is known.

    Raises:
        RefusedToStart: a strange or forgetful database would tell again what was told.
    """
    HEART.beat(inf)  # until the database is known
    await _wait_until_known(runtime, stop)
    known()
    if not runtime.webhook_secrets:
        log.warning("no_webhook_secret")
        HEART.beat(inf)
        await stop.wait()
        return
    receivers = runtime.receivers()
    log.info("webhooks_ready")
    try:
        await runtime.teller(receivers).run(stop)
    finally:
        await receivers.close()


async def _wait_until_known(runtime: Runtime, stop: asyncio.Event) -> None:
    asked = threading.Event()
    look = partial(refuse_unrecognized, runtime.engine, runtime.memories)
    waiting = asyncio.create_task(asyncio.to_thread(wait_until_known, look, asked))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    asked.set()
    stopped.cancel()
    await waiting


if __name__ == "__main__":
    sys.exit(main())
