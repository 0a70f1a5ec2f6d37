"""A probe through a worker's own consumer: one that lives and takes nothing any more is seen.

A worker whose connection came back without its subscription, or whose loop no longer polls, answers
every question and delivers nothing. So each one that has been given nothing for a while sends itself a
message, through a queue that nobody else reads, which is asked for in the same command as its own; what
arrives has to pass its pool, too. Only that is a turn (`worker/heartbeat.py`).
"""

import os
from socket import gethostname
from typing import Any

import structlog
from celery import bootsteps
from celery.worker import state
from kombu import Consumer, Producer, Queue

from config.queues import TURNS
from worker.heartbeat import HEART

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between two looks whether anything came."""
IDLE = 4.0
"""Seconds without a message after which a probe is sent."""
FORGOTTEN = 600
"""Seconds after which a broker drops the queue of a worker that was killed."""


class Turns(bootsteps.StartStopStep):
    """Runs from one connection to the broker until the next, as the consumer of messages itself."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:  # noqa: ANN401  Celery's consumer
        super().__init__(parent, **options)
        self._timer: Any = None

    def start(self, parent: Any) -> None:  # noqa: ANN401  Celery's consumer
        """Listen to the probes; from now on this worker is expected to turn."""
        HEART.turn(HEART.consumes)
        self._queues = tuple(parent.app.amqp.queues.consume_from)
        self._name = f"{self._queues[0]}{TURNS}{gethostname()}.{os.getpid()}"
        self._channel = parent.task_consumer.channel
        queue = Queue(self._name, routing_key=self._name, expires=FORGOTTEN)
        self._probes = Consumer(
            self._channel, [queue], no_ack=True, on_message=lambda _: self.take(parent)
        )
        self._probes.consume()

    def register_with_event_loop(self, parent: Any, hub: Any) -> None:  # noqa: ANN401  Celery's own
        """Look now and then, in the loop that consumes: one that stands still sends no probe either."""
        self._forget_timer()
        self._timer = hub.call_repeatedly(EVERY, self.look, parent)

    def stop(self, parent: Any) -> None:  # noqa: ANN401, ARG002  Celery's consumer
        """Send no more."""
        self._forget_timer()

    def look(self, parent: Any) -> None:  # noqa: ANN401  Celery's consumer
        """Send a probe if nothing came; a pool that is full takes nothing, and is at work."""
        kind = HEART.consumes
        if len(state.reserved_requests) >= parent.pool.num_processes:
            HEART.turn(kind)
        elif (HEART.since_turn(kind) or 0.0) >= IDLE:
            self._send()

    def take(self, parent: Any) -> None:  # noqa: ANN401  Celery's consumer
        """A probe came: a turn, if messages would have come as well and a thread of the pool is free."""
        if all(map(parent.task_consumer.consuming_from, self._queues)):
            parent.pool.apply_async(HEART.turn, (HEART.consumes,), callback=_ignore)

    def _send(self) -> None:
        try:
            Producer(self._channel).publish("", routing_key=self._name, exchange="")
        except Exception as error:  # noqa: BLE001  a sign of life must not end a life
            log.debug("probe_not_sent", error=type(error).__name__)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _ignore(_: object) -> None:
    """A pool's thread tells of its result; nobody waits for it."""
