"""Messages of producers who know nothing of our key prefix: put where they belong, and said to have been.

A plain Celery application's `send_task(…, queue="messages")` ends in the list `messages`, which no worker
of ours reads, and without `queue` in `celery`. Lists without our prefix may be anybody's, so that only what
names a message of ours is taken from them, and only by a deployment without a NAMESPACE: two would
share them out by chance. Only Redis has the prefix; on RabbitMQ nothing strays.
"""

from collections.abc import Iterator
from typing import Any

import structlog
from kombu.transport.redis import Channel
from redis import Redis
from redis.exceptions import NoPermissionError

from config.queues import Queue
from tasks.app import runtime, settings
from tasks.envelope import asks_for_ours
from worker.desk.tallies import add_tallies

log = structlog.get_logger()

# Celery's own default queue is where a message without one goes.
NAMES = (Queue.TRIGGERS.value, "celery")
AT_ONCE = 100
# In one step, so that no message is lost or doubled, whoever else looks.
_MOVE = """
if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 1 then
    return redis.call('LPUSH', KEYS[2], ARGV[1])
end
return 0
"""


def lists() -> list[str]:
    """Every key under which one may be: a list for each priority."""
    return [
        f"{name}{Channel.sep}{priority}" if priority else name
        for name in NAMES
        for priority in Channel.priority_steps
    ]


def gather() -> int:
    """Move what strayed to our queue. Returns how many messages."""
    names = settings.names
    if not (names.prefixed and names.is_default):
        return 0
    with Redis.from_url(
        settings.broker_url, socket_timeout=5, socket_connect_timeout=5, protocol=2
    ) as client:
        try:
            moved = sum(_move(client, key, message) for key, message in _find(client))
        except NoPermissionError:  # the broker's rules keep us, and our producers, to the prefix
            return 0
    if moved:
        log.warning(
            "strays_gathered", messages=moved, why=f"sent without the key prefix {names.prefix}"
        )
        add_tallies(runtime().engine, {"strays": moved})
    return moved


def _find(client: Redis) -> Iterator[tuple[str, bytes]]:
    for key in lists():
        if client.type(key) == b"list":
            oldest_first: Any = reversed(client.lrange(key, -AT_ONCE, -1))
            yield from ((key, message) for message in oldest_first if asks_for_ours(message))


def _move(client: Redis, key: str, message: bytes) -> int:
    ours = f"{settings.names.prefix}{Queue.TRIGGERS}"
    return int(bool(client.eval(_MOVE, 2, key, ours, message)))
