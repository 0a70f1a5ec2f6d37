"""Looking at the broker from outside: does it answer, and what waits where nobody reads."""

from re import sub
from socket import create_connection
from typing import cast
from urllib.parse import urlsplit

import redis

from config.queues import TRIGGERS, Queue

PATIENCE = 3.0
STRAYED = Queue.TRIGGERS.value
DEFAULT_QUEUE = "celery"
"""Where a message without a queue goes."""
PRIORITIES = tuple(f"\x06\x16{priority}" for priority in (3, 6, 9))
"""As kombu's `priority_steps` and `sep` have them."""
OURS = tuple(name.value.encode() for name in TRIGGERS)
LOOKED_AT = 100
DEFAULT_PORTS = {"amqp": 5672, "amqps": 5671}


def is_amqp(url: str) -> bool:
    """Return whether it is a RabbitMQ, which is reached by another protocol."""
    return urlsplit(url).scheme in DEFAULT_PORTS


def fault(url: str) -> str | None:
    """Return why the broker can't be used; None when it answers."""
    try:
        if is_amqp(url):
            _reach(url)
        else:
            _ping(url)
    except (redis.RedisError, OSError, ValueError) as error:
        return without_password(f"{type(error).__name__}: {error}")
    return None


def _ping(url: str) -> None:
    with redis.Redis.from_url(
        url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    ) as client:
        client.ping()


def strays(url: str) -> dict[str, int]:
    """Count the messages that wait in lists without our prefix, where nobody reads, by the lists' names.

    All of those under the name of our queue; of Celery's own default queue, which may be anybody's, those
    that name a message of ours, among its oldest.
    """
    if is_amqp(url):
        return {}
    with redis.Redis.from_url(url, socket_timeout=PATIENCE, protocol=2) as client:
        try:
            counted = {key: _count_strays(client, key) for key in _unprefixed(client)}
        except redis.RedisError:  # the broker's rules keep everybody from them
            return {}
    return {key: n for key, n in counted.items() if n}


def _unprefixed(client: "redis.Redis") -> list[str]:
    """Lists of such a name; Celery appends each priority to it behind a separator."""
    names = [f"{name}{end}" for name in (STRAYED, DEFAULT_QUEUE) for end in ("", *PRIORITIES)]
    return [name for name in names if client.type(name) == b"list"]


def _count_strays(client: "redis.Redis", key: str) -> int:
    if key.startswith(STRAYED):
        return client.llen(key)
    oldest = cast("list[bytes]", client.lrange(key, -LOOKED_AT, -1))
    return sum(any(name in message for name in OURS) for message in oldest)


def _reach(url: str) -> None:
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    create_connection((parts.hostname or "localhost", port), timeout=PATIENCE).close()


def without_password(text: str) -> str:
    """The text with the password of every address in it masked."""
    return sub(r"(?<=://)([^:/@\s]*):[^@/\s]+@", r"\1:***@", text)
