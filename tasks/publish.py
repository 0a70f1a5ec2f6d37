"""Messages out: one per chunk, and how many still wait."""

from collections.abc import Callable, Iterable, Mapping

import structlog
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from config.queues import DELIVERY_TASKS
from tasks.app import app, runtime, settings
from tasks.envelope import CLAIMED_AT
from worker.dispatch.scan import Chunk, awake, hand_back, scan
from worker.domain.statuses import Channel
from worker.heartbeat import HEART

log = structlog.get_logger()

# RedisError too: a broker that is full or read-only answers, and still takes nothing.
LONGEST_PUBLISH = 30.0
"""Seconds that a broker may take for a message, with all that is tried again."""
BROKER_AWAY = (OperationalError, RedisError, OSError)


def scan_and_publish(only: str | None = None) -> int:
    """Claim what is due and ring the doorbell for it. Returns how many messages went out."""
    return scan_and_pass_on(backlog, publish, only)


def scan_and_pass_on(
    waiting: Callable[[Iterable[Channel]], Mapping[Channel, int]],
    pass_on: Callable[[Chunk], object],
    only: str | None = None,
) -> int:
    """Claim what is due and pass it on, in chunks; what nobody takes is handed back. Returns how many."""
    here = runtime()
    channels = awake(here.engine)
    if not channels:
        return 0
    chunks = scan(here.engine, here.scan_limits, waiting(channels), only)
    for position, chunk in enumerate(chunks):
        try:
            pass_on(chunk)
        except BROKER_AWAY as error:
            log.warning("publish_failed", error=type(error).__name__)
            for unpublished in chunks[position:]:
                hand_back(here.engine, unpublished)
            raise
    return len(chunks)


def publish(chunk: Chunk) -> None:
    """Send one chunk to its channel's queue, after its claim has been committed."""
    HEART.beat(LONGEST_PUBLISH)
    app.send_task(
        DELIVERY_TASKS[chunk.channel].value,
        kwargs={
            "batch": chunk.batch,
            "lease": str(chunk.lease),
            "requests": list(chunk.requests),
        },
        headers={} if chunk.claimed_at is None else {CLAIMED_AT: chunk.claimed_at},
    )


def backlog(channels: Iterable[Channel]) -> dict[Channel, int]:
    """Messages waiting in each channel's queue, asked for in a way every broker understands."""
    with app.connection_or_acquire() as connection:
        broker = connection.default_channel
        return {
            channel: broker.queue_declare(
                queue=settings.names.queue(channel.value), durable=True, auto_delete=False
            ).message_count
            for channel in channels
        }
