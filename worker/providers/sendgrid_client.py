"""SendGrid's SDK over our transport: the SDK composes the request, the transport carries it.

The SDK's own way out opens a connection for every mail, blocks, waits for ever, and follows a redirect
by turning the POST into a GET, which then looks like success.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import orjson
from python_http_client.client import Client
from sendgrid.sendgrid import SendGridAPIClient

from worker.providers.deadline_clock import Moment
from worker.providers.http_replies import Reply, Unanswered
from worker.providers.transport import Transport


@dataclass(frozen=True, slots=True)
class _Composed:
    """A request as the SDK would have sent it."""

    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


class _Composer(Client):
    """The SDK's HTTP client, stopping where it would open a connection."""

    def _build_client(self, name: str | None = None) -> Self:
        """One segment further; the original returns its own class, not ours."""
        return type(self)(
            self.host,
            request_headers=self.request_headers,
            version=self._version,
            url_path=[*self._url_path, name] if name else self._url_path,
        )

    def post(self, request_body: Mapping[str, object]) -> _Composed:
        """Take the place of the verb that the original makes up on the fly."""
        return _Composed(
            url=self._build_url(None),  # type: ignore[no-untyped-call]  # the SDK has no types
            headers={**self.request_headers, "Content-Type": "application/json"},
            body=orjson.dumps(request_body),
        )

    def get(self) -> _Composed:
        """The same for a question."""
        return _Composed(url=self._build_url(None), headers=self.request_headers)  # type: ignore[no-untyped-call]  # the SDK has no types


class SendGridAccount:
    """An account, spoken to through `sendgrid.SendGridAPIClient`."""

    def __init__(self, transport: Transport, *, api_url: str, api_key: str) -> None:
        self._transport = transport
        self._sdk = SendGridAPIClient(api_key, host=api_url)
        composed_by = self._sdk.client
        self._sdk.client = _Composer(  # type: ignore[no-untyped-call]  # nor has its base
            composed_by.host, request_headers=composed_by.request_headers, version=3
        )

    async def answers(self) -> bool:
        """GET /v3/scopes: whether the key may speak to SendGrid at all."""
        composed: _Composed = self._sdk.client.scopes.get()
        try:
            reply = await self._transport.exchange("GET", composed.url, headers=composed.headers)
        except Unanswered:
            return False
        return reply.status == 200

    async def send(self, message: Mapping[str, object], deadline: Moment) -> Reply:
        """POST /v3/mail/send.

        Raises:
            Unanswered: no whole reply came.
        """
        composed: _Composed = self._sdk.send(dict(message))
        return await self._transport.exchange(
            "POST",
            composed.url,
            headers=composed.headers,
            body=composed.body,
            deadline=deadline,
        )
