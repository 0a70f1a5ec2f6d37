"""No message of any shape stops a worker: each is judged at the door (`tasks/envelope.py`).

At two doors, because Celery reads a message in two steps: kombu's Redis transport opens the envelope,
and the consumer reads headers and body, whatever the transport.
"""

from base64 import b64encode
from collections.abc import Callable
from functools import partial
from json import dumps
from math import inf
from time import sleep
from typing import Any

import structlog
from kombu.transport.redis import Channel, PrefixedStrictRedis
from kombu.transport.redis import Transport as RedisTransport
from redis.exceptions import ResponseError

from config.queues import TURNS, Queue
from tasks.buffered_events import BufferedEvents
from tasks.envelope import TaskCall, Unfit, fit, judge_message, keeping, pack
from tasks.held_messages import HoldingQoS
from worker.heartbeat import HEART

log = structlog.get_logger()

PAUSE = 1.0


class GuardedRedis(PrefixedStrictRedis):
    """A client that pops only messages that are safe."""

    def parse_response(self, connection: Any, command_name: str, **options: Any) -> Any:  # noqa: ANN401
        """The answer; what a BRPOP brought is made fit."""
        answer = super().parse_response(connection, command_name, **options)
        if command_name == "BRPOP" and answer:
            key, message = answer
            queue = _bytes(key).decode().rsplit(Channel.sep, 1)[0]
            if TURNS in queue:  # whatever it is: that it came is all it says
                return key, pack(keeping("a probe", ""), queue)
            # What comes to other queues are the answers of workers to whoever inspects them.
            return (key, fit(_bytes(message), queue)) if queue in set(Queue) else answer
        return answer


class GuardedChannel(Channel):
    """A channel on that client, which loses no message that a full broker gave."""

    QoS = HoldingQoS

    def maybe_refresh_binding_expiry(self) -> None:
        """Keep the tables of queues alive; a broker that takes nothing is asked again."""
        try:
            super().maybe_refresh_binding_expiry()  # type: ignore[misc]  # the stubs are older
        except ResponseError as error:
            log.warning("broker_takes_nothing", error=type(error).__name__)

    def _get_client(self) -> Callable[..., GuardedRedis]:
        return partial(GuardedRedis, global_keyprefix=self.global_keyprefix)


class GuardedTransport(RedisTransport):
    """Takes the place of kombu's own under `redis://`, so that Flower still knows the broker."""

    Channel = GuardedChannel


class GuardedConsumer(BufferedEvents):
    """Judges every message before Celery looks at its headers or body."""

    def connect(self) -> Any:  # noqa: ANN401  as the original
        """Connect, for however long the broker is away."""
        HEART.beat(wait=inf)
        connection = super().connect()
        HEART.beat()
        return connection

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Connect again; a server that answers, and refuses, is asked after a pause."""
        super().on_connection_error_after_connected(exc)
        if isinstance(exc, ResponseError):
            sleep(PAUSE)

    def register_with_event_loop(self, hub: Any) -> None:  # noqa: ANN401  as the original
        """Be alive as long as the loop that consumes turns."""
        super().register_with_event_loop(hub)
        hub.on_tick.add(HEART.beat)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:  # noqa: ANN401  Celery's own
        """Return the function that is called with each message."""
        receive = super().create_task_handler(*args, **kwargs)

        def judge_first(message: Any) -> Any:  # noqa: ANN401  a kombu message
            HEART.turn(HEART.consumes)
            make_fit(message)
            return receive(message)

        self._judge_first = judge_first
        return judge_first

    def on_decode_error(self, message: Any, exc: Exception) -> None:  # noqa: ANN401, ARG002  a kombu message; the error may quote it
        """Bury what kombu itself could not read."""
        self._judge_first(message)


def make_fit(message: Any) -> None:  # noqa: ANN401  a kombu message
    """Rewrite a message of any transport, so that acknowledging it stays what it was."""
    try:
        call = _call(message)
    except Exception as error:  # noqa: BLE001  what is raised here stops the worker
        reason = str(error) if isinstance(error, Unfit) else f"unreadable: {type(error).__name__}"
        call = keeping(reason, _whole(message))
    message.headers = call.headers
    message.body = call.body
    message.content_type, message.content_encoding = "application/json", "utf-8"
    message.properties = {"correlation_id": call.id}
    message.errors = []
    message._decoded_cache = None  # noqa: SLF001  kombu offers no other way


def _call(message: Any) -> TaskCall:  # noqa: ANN401  a kombu message
    if message.errors:
        raise Unfit("the body could not be decompressed")
    parts = (message.headers, message.content_type, message.content_encoding)
    return judge_message(*parts, _bytes(message.body))


def _whole(message: Any) -> str:  # noqa: ANN401  a kombu message
    parts = {
        "headers": message.headers,
        "properties": message.properties,
        "content-type": message.content_type,
        "content-encoding": message.content_encoding,
        "body": b64encode(_bytes(message.body)).decode(),
    }
    return dumps(parts, default=repr)


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""
