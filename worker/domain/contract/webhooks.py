"""Webhooks: whom a campaign tells of its requests, how an event is signed, when it is tried again."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from worker.domain.errors import WrongFields
from worker.domain.fields import Text, WireModel, validate
from worker.domain.statuses import RequestStatus

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_WEBHOOKS = 10


def _receiver(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("must be an https:// address") from None
    trying_out = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or trying_out) or not value.isprintable():
        raise ValueError("must be an https:// address")
    if parts.username is not None or " " in value:
        raise ValueError("must be an https:// address without user, password or spaces")
    return value


def _sort_statuses(statuses: object) -> object:
    return tuple(sorted(map(str, statuses))) if isinstance(statuses, list) else statuses


class Webhook(WireModel):
    """A receiver. Without `statuses` it is told of every final one."""

    url: Annotated[Text, Field(max_length=2000), AfterValidator(_receiver)]
    statuses: (
        Annotated[
            tuple[Annotated[RequestStatus, Strict(strict=False)], ...],
            Field(min_length=1),
            BeforeValidator(_sort_statuses),
        ]
        | None
    ) = None


def webhooks(values: Sequence[Mapping[str, object]]) -> tuple[dict[str, object], ...]:
    """The webhooks of a campaign, checked, in JSON's own types.

    Raises:
        ValueError: naming the webhook by its place, from 0, and the field.
    """
    if len(values) > MOST_WEBHOOKS:
        raise ValueError(f"a campaign has at most {MOST_WEBHOOKS}")
    return tuple(_check_target(place, value) for place, value in enumerate(values))


def _check_target(place: int, value: Mapping[str, object]) -> dict[str, object]:
    try:
        return validate(Webhook, value).model_dump(mode="json", exclude_none=True)
    except WrongFields as error:
        raise ValueError("; ".join(f"{place}.{fault}" for fault in error.faults)) from None


def signature(secrets: Sequence[bytes], event_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`, as Standard Webhooks writes it: one signature per secret."""
    signed = b".".join((event_id.encode(), str(timestamp).encode(), body))
    return " ".join("v1," + b64encode(digest(key, signed, sha256)).decode() for key in secrets)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses before a failed delivery is tried again: ever longer, until it is given up."""

    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(hours=6)
    tries: int = 23
    """With the pauses above: about three days."""

    def pause(self, tries: int, chance: float) -> timedelta | None:
        """Return how long to wait after that many tries; None when it is given up.

        `chance`, from 0 to 1, spreads receivers that went away together: ± 20 %.
        """
        if tries >= self.tries:
            return None
        return min(self.first * (1 << (tries - 1)), self.longest) * (0.8 + 0.4 * chance)
