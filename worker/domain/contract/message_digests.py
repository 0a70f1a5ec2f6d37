"""Digests of messages, too short to betray anybody: an id that comes again is compared with one."""

from hashlib import sha256
from json import dumps

from worker.domain.contract.messages import Payload

KEPT = 6
"""Hexadecimal digits, 24 bits: two contents agree once in 16 million times, and yet of the numbers of the
world hundreds agree with each digest, so that nobody can tell from it whom a message was about."""


def digest_of(message_id: str, message: Payload) -> str:
    """The digest of what a message says under this id, however its fields are ordered."""
    said = message.model_dump(mode="json", exclude_unset=True)
    return sha256(dumps([message_id, said], sort_keys=True).encode()).hexdigest()[:KEPT]
