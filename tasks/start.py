"""The first step of every process that may send: know its database."""

import gc
import os
import sys
from functools import lru_cache
from math import inf
from threading import Event
from typing import Any

import structlog
from celery.signals import worker_init, worker_shutdown, worker_shutting_down

from config import logs
from config.queues import DELIVERY_TASKS
from config.start import PROCESS, process_name
from tasks import retry
from tasks.app import runtime, settings
from worker.dispatch.begun import BEGUN
from worker.dispatch.clock_skew import tell_skew
from worker.dispatch.database_identity import REFUSED, know_the_database, wait_until_known
from worker.dispatch.presence import Presence
from worker.domain.database_identity import RefusedToStart
from worker.heartbeat import HEART

log = structlog.get_logger()

LOST_ANSWERS = 4
"""How a worker exits that could not record what providers answered."""

# Thousands of calls are under way at once, all young and all alive: with Python's own thresholds the
# collector walks over them again and again, a fifth of a worker's CPU, and finds nothing.
YOUNG_OBJECTS, YOUNG_ROUNDS, MIDDLE_ROUNDS = 50_000, 20, 100


@lru_cache(maxsize=1)
def presence() -> Presence:
    """This process's row."""
    return Presence(runtime().engine, measures=settings.process_metrics)


def wait_for_the_database(stop: Event, kind: str = "") -> None:
    """Wait until the database is there and recognized; leave the process if it is refused.

    One that sends says of which `kind` it is, and comes to the roll first.
    """
    here = runtime()
    follower = here.follower if kind else None

    def look() -> None:
        know_the_database(here.engine, here.memories)
        tell_skew(here.engine)
        if follower:
            follower.stand()

    def come() -> None:
        if follower:
            follower.begin(kind)

    try:
        wait_until_known(come, stop)
        wait_until_known(look, stop)
        presence().begin()
    except RefusedToStart as error:
        # SystemExit, because Celery logs and drops any other exception of a signal's receiver.
        log.critical("refused_to_start", why=str(error))
        sys.exit(REFUSED)


@worker_init.connect
def know_it_before_consuming(sender: Any, **_: object) -> None:  # noqa: ANN401  Celery's worker
    """The same for a Celery worker, before it takes its first message."""
    logs.set_up(settings.log_level, process_name())  # Celery asks for it only later
    if PROCESS in os.environ:
        HEART.start(os.environ[PROCESS])
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_ROUNDS, MIDDLE_ROUNDS)
    wait_for_the_database(Event(), _kind_of_sender(sender))


def _kind_of_sender(worker: Any) -> str:  # noqa: ANN401  Celery's worker
    """What of it sends: the channels it consumes, or `dispatch`; nothing, where it only takes messages in."""
    if process_name() == "dispatch":
        return "dispatch"
    consumed = set(worker.app.amqp.queues.consume_from)
    return "+".join(one for one in DELIVERY_TASKS if settings.names.queue(one) in consumed)


@worker_shutting_down.connect
def begin_nothing_more(**_: object) -> None:
    """Finish and record what has begun; hand back the rest."""
    HEART.beat(inf)
    retry.STOPPING.set()
    runtime().gate.stop()
    runtime().answer_buffer.stop()


@worker_shutdown.connect
def say_what_was_lost(sender: Any, **_: object) -> None:  # noqa: ANN401  Celery's worker
    """Answers that the store did not take in time are told, and the process fails."""
    if BEGUN.is_enrolled and (follower := runtime().follower):
        follower.end()
    presence().end()
    if lost := runtime().answer_buffer.doubted:
        log.critical("answers_go_into_doubt", count=lost)
        sender.exitcode = LOST_ANSWERS
