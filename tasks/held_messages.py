"""Messages that were popped off the broker are held here, where the broker takes no note of it."""

from typing import Any

import structlog
from kombu.transport import virtual
from kombu.transport.redis import QoS
from redis.exceptions import RedisError

log = structlog.get_logger()


class HoldingQoS(QoS):
    """Keeps a message that is on nobody's list.

    kombu notes each message beside its queue, in a second step. A server that has no memory left, or that
    broke off in between, gives the message and takes no note: what is raised then would lose it, and end
    the worker. It is done all the same; only a crash before its task begins would lose it.
    """

    def append(self, message: Any, delivery_tag: str) -> None:  # noqa: ANN401  a kombu message
        """Note it at the broker, or else in this process alone."""
        try:
            super().append(message, delivery_tag)
        except RedisError as error:
            log.warning("message_not_noted", error=type(error).__name__)
            virtual.QoS.append(self, message, delivery_tag)
