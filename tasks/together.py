"""All that sends, and hears messages, in one process. `python -m tasks.process dispatch`.

Scheduler, workers of every channel, messages and stream, for a house on one small host. The worker of
messages is Celery's, as ever; what is due goes from the scheduler to the threads that send it without
passing the broker, and each channel has threads of its own: one whose provider is slow keeps no other
waiting. Leases mean what they always do, so that beside other workers, or after a kill, nothing is sent
twice.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf
from socket import gethostname
from threading import Event, Lock, Thread
from typing import Any

import structlog
from celery import bootsteps

from tasks import retry
from tasks.app import app, runtime, settings
from tasks.deliver import deliver_chunk
from tasks.process import worker
from tasks.publish import scan_and_pass_on
from tasks.scheduler import schedule
from tasks.stream import read_until
from worker.dispatch.scan import Chunk, hand_back
from worker.domain.statuses import Channel
from worker.heartbeat import HEART

log = structlog.get_logger()

NAME = "dispatch"
FAILED = 1


class Crew:
    """Threads for each channel, and how many chunks wait for one."""

    def __init__(self, threads: int) -> None:
        self._pools = {channel: ThreadPoolExecutor(threads, channel.value) for channel in Channel}
        self._waiting = dict.fromkeys(Channel, 0)
        self._lock = Lock()

    def waiting(self, channels: Iterable[Channel]) -> dict[Channel, int]:
        """Chunks that no thread has taken up, by channel."""
        return {channel: self._waiting[channel] for channel in channels}

    def take(self, chunk: Chunk) -> None:
        """Let it be sent as soon as a thread of its channel is free."""
        self._count(chunk, 1)
        self._pools[chunk.channel].submit(self._send, chunk)

    def close(self) -> None:
        """Wait until what has begun is recorded, and the rest handed back."""
        for pool in self._pools.values():
            pool.shutdown()

    def _send(self, chunk: Chunk) -> None:
        self._count(chunk, -1)
        try:
            if retry.STOPPING.is_set():
                hand_back(runtime().engine, chunk)
            else:
                deliver_chunk(chunk)
        except Exception as error:  # noqa: BLE001  a door: one bad chunk must not be the last; its lease ends
            log.error("chunk_failed", error=type(error).__name__)

    def _count(self, chunk: Chunk, by: int) -> None:
        with self._lock:
            self._waiting[chunk.channel] += by


class Beside(bootsteps.StartStopStep):
    """What runs beside the worker of messages: begins before it, and ends before its process says so."""

    requires = ("celery.worker.components:Pool",)
    failed = False
    """Whether a loop has ended by itself: then the process ends, too, to be started anew."""

    def start(self, parent: Any) -> None:  # noqa: ANN401, ARG002  Celery's worker
        """Start the loops, a thread each."""
        self._stop, self._crew = Event(), Crew(settings.worker_threads)
        scan = partial(scan_and_pass_on, self._crew.waiting, self._crew.take)
        loops = {"scheduler": partial(schedule, scan=scan), "stream": read_until}
        self._threads = [
            Thread(target=self._run, args=(loop,), name=name) for name, loop in loops.items()
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ANN401, ARG002  Celery's worker
        """Claim nothing more, and wait for what is under way."""
        HEART.beat(inf)
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._crew.close()
        runtime().close_provider_loop()

    def _run(self, loop: Callable[[Event], object]) -> None:
        HEART.watch()
        try:
            loop(self._stop)
        except Exception as error:  # noqa: BLE001  whatever it was, nobody would do its work
            log.critical("loop_ended", error=type(error).__name__)
            Beside.failed = True
            os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Work until somebody asks the process to stop.

    Returns:
        the exit code.
    """
    sys.argv = ["-m", "tasks.process", NAME]  # what Celery starts again on SIGHUP
    app.steps["worker"].add(Beside)
    name = f"{settings.names.worker(NAME)}@{gethostname()}"
    made = app.Worker(**worker("triggers", settings) | {"hostname": name})
    made.start()
    return int(made.exitcode or 0) or FAILED * Beside.failed


if __name__ == "__main__":
    sys.exit(main())
