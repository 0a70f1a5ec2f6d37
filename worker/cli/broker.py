"""Looking at the broker from outside: does it answer, and who listens to it."""

import subprocess
import sys
from re import sub
from socket import create_connection
from urllib.parse import urlsplit

import orjson
import redis

from config.queues import Queue

PATIENCE = 3.0
STRAYED = Queue.TRIGGERS.value
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


def strays(url: str) -> int:
    """Count the messages that wait under the name of our queue without its prefix, where nobody reads."""
    if is_amqp(url):
        return 0
    with redis.Redis.from_url(url, socket_timeout=PATIENCE, protocol=2) as client:
        try:
            return int(client.llen(STRAYED))
        except redis.RedisError:  # it is no list, or the broker's rules keep everybody from it
            return 0


def _reach(url: str) -> None:
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    create_connection((parts.hostname or "localhost", port), timeout=PATIENCE).close()


def list_consumed_queues() -> frozenset[str]:
    """The queues that workers say they consume. Celery is asked as a program: a door of its own."""
    asked = subprocess.run(  # noqa: S603  our own program, no input
        [
            *(sys.executable, "-m", "celery", "-A", "tasks.app"),
            *("inspect", "active_queues", "--json", "--timeout", "1"),
        ],
        capture_output=True,
        check=False,
    )
    return queues_in(asked.stdout)


def queues_in(answer: bytes) -> frozenset[str]:
    """The names in `{"worker@host": [{"name": "voice", …}, …], …}`; none when nobody answered."""
    try:
        workers = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return frozenset()
    return frozenset(queue["name"] for queues in workers.values() for queue in queues)


def without_password(text: str) -> str:
    """The text with the password of every address in it masked."""
    return sub(r"(?<=://)([^:/@\s]*):[^@/\s]+@", r"\1:***@", text)
