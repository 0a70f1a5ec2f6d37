"""The mark of a token says under the deployment's key: that it is ours, whose request, and when it began.

It travels beside the token. So a report of an attempt that the database does not know still proves that
there was one, and nobody else can make that up: another deployment has another key.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from worker.domain.statuses import Channel

REQUEST, BEGAN, MAC = 8, 6, 10
"""How many bytes each part takes; together 32 characters of base64 without a filler."""
LENGTH = 32
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """The request of an attempt, and a moment, by the database's clock, no later than its beginning."""

    request: int
    began_at: datetime


def derive_key(secret: str, *names: str) -> bytes:
    """A key for this purpose alone; a deployment of other names has another, though it shares the secret."""
    return hmac.digest(secret.encode(), "\n".join(("mark", *names)).encode(), "sha256")


def make_mark(key: bytes, channel: Channel, token: UUID, *, request: int, began_ms: int) -> str:
    """The mark of a token, fit for an address: `began_ms` are milliseconds since 1970."""
    said = request.to_bytes(REQUEST) + began_ms.to_bytes(BEGAN)
    return urlsafe_b64encode(said + _mac(key, channel, token, said)).decode()


def read_mark(keys: Sequence[bytes], channel: Channel, token: UUID, written: str) -> Mark | None:
    """Read the mark; None where no key of ours made it for this token and channel."""
    try:
        found = urlsafe_b64decode(written.encode()) if len(written) == LENGTH else b""
    except ValueError:
        return None
    said, mac = found[:-MAC], found[-MAC:]
    if len(said) != REQUEST + BEGAN or not any(
        hmac.compare_digest(mac, _mac(key, channel, token, said)) for key in keys
    ):
        return None
    began = timedelta(milliseconds=int.from_bytes(said[REQUEST:]))
    return Mark(int.from_bytes(said[:REQUEST]), EPOCH + began)


def _mac(key: bytes, channel: Channel, token: UUID, said: bytes) -> bytes:
    return blake2b(token.bytes + said + channel.encode(), digest_size=MAC, key=key).digest()
