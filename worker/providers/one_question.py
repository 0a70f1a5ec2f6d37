"""One question over HTTP that contacts nobody, without the SDKs, whose import takes a command a second."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from json import JSONDecodeError, loads
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

PATIENCE = 5.0
"""Seconds for each step of the exchange."""
LONGEST = 1024 * 1024
"""Bytes that are read of an answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its status, and what its body says where it is a JSON object."""

    status: int
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer came; `why` is the kind of error and quotes no address."""

    why: str


class _NoRedirects(HTTPRedirectHandler):
    """A redirect is an answer: what follows it would carry credentials elsewhere."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


_opener = build_opener(_NoRedirects, ProxyHandler({}))


def ask(
    url: str, headers: Mapping[str, str], body: bytes | None = None, patience: float = PATIENCE
) -> Told | Silence:
    """GET, or POST where there is a body; whatever comes of it is a value."""
    request = Request(url, data=body, headers=dict(headers))  # noqa: S310  an http address, by its setting
    try:
        with _opener.open(request, timeout=patience) as reply:
            return Told(reply.status, _read(reply.read(LONGEST)))
    except HTTPError as error:
        with error:
            return Told(error.code, _read(error.read(LONGEST)))
    except (OSError, HTTPException, ValueError) as error:
        return Silence(type(getattr(error, "reason", error)).__name__)


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP's basic authentication."""
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def bearer(key: str) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": f"Bearer {key}"}


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        said = loads(body)
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}
