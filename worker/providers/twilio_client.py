"""Twilio's SDK over our transport: the SDK composes and reads, the transport carries."""

import logging
import re
from base64 import b64encode
from collections.abc import Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from worker.domain.evidence.answers import Accepted, Answer, Unknown
from worker.domain.evidence.lookups import Undecided
from worker.providers.deadline_clock import Moment
from worker.providers.http_replies import Reply, Unanswered, read_date
from worker.providers.transport import Transport
from worker.providers.twilio_errors import error_code, judge

T = TypeVar("T")

SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")

# What the SDK trips over in a 2xx body that is JSON but not what was promised.
UNREADABLE = (TwilioException, ValueError, TypeError, AttributeError, LookupError)


class Declined(Exception):
    """A reply other than 2xx, kept whole: the SDK's own exception drops the headers."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(f"http_{reply.status}")


@dataclass(slots=True)
class _Conversation:
    """The context of a call of the SDK, beside its arguments."""

    deadline: Moment | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


_conversation: ContextVar[_Conversation] = ContextVar("conversation")


class TwilioAccount:
    """An account, spoken to through `twilio.rest.Client`."""

    def __init__(
        self, transport: Transport, *, api_url: str, account_sid: str, auth_token: str
    ) -> None:
        self.client = Client(
            account_sid,
            auth_token,
            http_client=_PooledHttp(transport),
            # Not empty, or the SDK takes os.environ, where TWILIO_EDGE and TWILIO_REGION change hosts.
            environment={"TWILIO_ACCOUNT_SID": account_sid},
        )
        self.client.api.base_url = api_url

    async def submit(self, creation: Coroutine[Any, Any, Any], deadline: Moment) -> Answer:
        """Create a call or a message; whatever comes of it is a value."""
        _conversation.set(_Conversation(deadline))
        try:
            sid = (await creation).sid
        except Unanswered as unanswered:
            return unanswered.outcome
        except Declined as declined:
            return judge(declined.reply.status, declined.reply.headers, declined.reply.text)
        except UNREADABLE:
            return Unknown("garbled")
        named = isinstance(sid, str) and SID.fullmatch(sid)
        return Accepted(sid) if named else Unknown("garbled")

    async def answers(self) -> bool:
        """Return whether the account may speak to Twilio at all: the cheapest question there is."""
        listed = await self.ask(self.client.calls.list_async(limit=1, page_size=1))
        return not isinstance(listed, Undecided)

    async def ask(self, question: Coroutine[Any, Any, T]) -> tuple[T, datetime] | Undecided:
        """Read something, and the time of the provider's clock when it answered."""
        conversation = _Conversation()
        _conversation.set(conversation)
        try:
            found = await question
        except Unanswered as unanswered:
            return Undecided(unanswered.outcome.code)
        except Declined as declined:
            code = error_code(declined.reply.text)
            return Undecided(str(code) if code else f"http_{declined.reply.status}")
        except UNREADABLE:
            return Undecided("garbled")
        at = read_date(conversation.headers)
        return Undecided("undated") if at is None else (found, at)


class _PooledHttp(AsyncHttpClient):
    """The SDK's HTTP client by contract; keeps no request and logs none, both carry numbers."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(logging.getLogger("twilio.pooled"), is_async=True)
        self._transport = transport

    async def request(  # type: ignore[override]  # as the SDK's async class does to its own base
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  the transport has its own
        allow_redirects: bool = False,  # noqa: ARG002  never
    ) -> Response:
        """Carry one request of the SDK.

        Raises:
            Unanswered: no whole reply came.
            Declined: any other status.
        """
        conversation = _conversation.get()
        reply = await self._transport.exchange(
            method,
            f"{uri}?{urlencode(params, doseq=True)}" if params else uri,
            headers={**(headers or {}), **_authorization(auth)},
            body=form_encoded(data) if data else None,
            deadline=conversation.deadline,
        )
        conversation.headers = reply.headers
        if not 200 <= reply.status < 300:
            raise Declined(reply)
        return Response(reply.status, reply.text, dict(reply.headers))


# What `urllib.parse.urlencode` does to each byte, as one table: it takes three times as long.
_QUOTED = {byte: "+" if byte == 0x20 else quote(bytes([byte]), safe="") for byte in range(0x100)}


def form_encoded(fields: Mapping[str, object]) -> bytes:
    """The body of a form; a list is one field several times."""
    pairs = (
        f"{name}={str(one).encode().decode('latin-1').translate(_QUOTED)}"
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else (value,))
    )
    return "&".join(pairs).encode()


@lru_cache(maxsize=8)
def _authorization(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": f"Basic {b64encode(':'.join(auth).encode()).decode()}"}
