"""Twilio's Messages: create, fetch, list; and the way of a message.

Source: https://www.twilio.com/docs/messaging/api/message-resource
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web

from worker.sandbox import scenarios
from worker.sandbox.callbacks import Poster
from worker.sandbox.carrier import Networks, segments_of
from worker.sandbox.faults import Faults
from worker.sandbox.ledger import Contact, Ledger
from worker.sandbox.options import Options
from worker.sandbox.scenarios import Ends, Refuses
from worker.sandbox.twilio_wire import (
    TEXTS_FROM,
    TwilioError,
    as_stored,
    authenticate,
    check_parties,
    new_sid,
    page,
    rfc2822,
    token_of,
)

LONGEST_BODY = 1600
POOL = 20
"""Numbers of every messaging service."""
SENDING, TRAVELLING = 0.2, 0.4
"""Seconds, before `pace`."""


@dataclass(slots=True)
class Message:
    """One message at the provider."""

    contact: Contact
    ends: Ends
    callback: str | None
    fault: str | None
    service: str | None = None
    """By which it was sent, which then chose the number."""
    error_code: int | None = None
    posted: list[dict[str, str]] = field(default_factory=list)


class Messages:
    """The resource."""

    def __init__(self, options: Options, ledger: Ledger, faults: Faults, poster: Poster) -> None:
        self._options = options
        self._ledger = ledger
        self._faults = faults
        self._poster = poster
        self.carriers = Networks(options)
        self._messages: dict[str, Message] = {}
        self._received: dict[str, tuple[float, dict[str, Any]]] = {}

    def reset(self) -> None:
        """Forget every message."""
        self._messages.clear()
        self.carriers.reset()
        self._received.clear()

    def receive(self, form: Mapping[str, str], at: float) -> None:
        """Keep a message that somebody wrote at that time, in seconds since 1970."""
        self._received.setdefault(form["MessageSid"], (at, self._incoming(form, at)))

    async def create(self, request: web.Request) -> web.Response:
        """POST …/Messages.json."""
        authenticate(request, self._options)
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self._ledger.note_post(fields.get("MessagingServiceSid") or fields.get("From", ""))
        check_parties(fields, self._options, TEXTS_FROM)
        if not fields.get("Body"):
            raise TwilioError(400, 21602, "Message body is required.")
        if len(fields["Body"]) > LONGEST_BODY:
            raise TwilioError(400, 21617, "The concatenated message body exceeds the 1600 limit.")
        fate = scenarios.of_number(fields["To"])
        if isinstance(fate.message, Refuses):
            raise TwilioError(400, fate.message.code, fate.message.message)
        fault = scenarios.fault_of_number(fields["To"])
        ends = fate.message
        return await self._faults.answer(
            request, fault, fields["To"], lambda: self._accept(fields, ends, fault)
        )

    async def fetch(self, request: web.Request) -> web.Response:
        """GET …/Messages/{sid}.json."""
        authenticate(request, self._options)
        sid = request.match_info["sid"]
        if sid in self._messages:
            return web.json_response(self._resource(self._messages[sid]))
        if sid in self._received:
            return web.json_response(self._received[sid][1])
        raise TwilioError(404, 20404, "The requested resource was not found")

    async def list(self, request: web.Request) -> web.Response:
        """GET …/Messages.json."""
        authenticate(request, self._options)
        sent = [(one.contact.accepted_at, self._resource(one)) for one in self._messages.values()]
        found = sorted([*sent, *self._received.values()], key=lambda one: one[0])
        shown = [one for one in found if not self._options.hides(one[0])]
        return page(request, "messages", shown, self._options.list_lag)

    def _accept(self, fields: dict[str, str], ends: Ends, fault: str | None) -> web.Response:
        service = fields.get("MessagingServiceSid")
        segments = segments_of(fields["Body"])
        code = self.carriers.judge(service or fields["From"], segments, time.time())
        message = Message(
            contact=Contact(
                kind="message",
                sid=new_sid("SM"),
                to=fields["To"],
                source=number_of(service, fields["To"]) if service else fields["From"],
                token=token_of(fields.get("StatusCallback")),
                scenario=fault or scenarios.of_number(fields["To"]).name,
                content={"Body": fields["Body"]},
                segments=segments,
            ),
            ends=ends if code is None else Ends("undelivered", code),
            callback=fields.get("StatusCallback"),
            fault=fault,
            service=service,
        )
        self._ledger.accept(message.contact)
        self._messages[message.contact.sid] = message
        self._poster.spawn(self._travel(message))
        return web.json_response(self._resource(message), status=201)

    async def _travel(self, message: Message) -> None:
        """Queued, sent, and what became of it. The first status is never posted."""
        await asyncio.sleep(SENDING * self._options.pace)
        await self._tell(message, "sent")
        if message.ends.status != "sent":
            await asyncio.sleep(TRAVELLING * self._options.pace)
            message.error_code = message.ends.code
            await self._tell(message, message.ends.status)
        if message.fault == "reversed" and message.callback:
            for form in reversed(message.posted):
                await self._poster.post_form(message.callback, form)

    async def _tell(self, message: Message, status: str) -> None:
        message.contact.status = status
        form = self._form(message, status)
        if (
            not self._options.callbacks
            or self._options.is_down
            or not message.callback
            or message.fault == "no-callbacks"
        ):
            return
        if message.fault == "reversed":
            message.posted.append(form)
            return
        for _ in range(2 if message.fault == "doubled" else 1):
            await self._poster.post_form(message.callback, form)

    def _form(self, message: Message, status: str) -> dict[str, str]:
        form = {
            "MessageSid": message.contact.sid,
            "SmsSid": message.contact.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": self._options.account_sid,
            "From": message.contact.source,
            "To": as_stored(message.contact.to),
            "ApiVersion": "2010-04-01",
        }
        if message.error_code:
            form["ErrorCode"] = str(message.error_code)
        if message.service:
            form["MessagingServiceSid"] = message.service
        return form

    def _resource(self, message: Message) -> dict[str, Any]:
        contact = message.contact
        return {
            **self._common(contact.sid, contact.accepted_at),
            "status": contact.status,
            "to": as_stored(contact.to),
            # A service chooses its number when it sends.
            "from": None if message.service and contact.status == "queued" else contact.source,
            "messaging_service_sid": message.service,
            "body": contact.content["Body"],
            "direction": "outbound-api",
            "date_sent": None if contact.status == "queued" else rfc2822(contact.accepted_at),
            "error_code": message.error_code,
            "num_segments": str(contact.segments),
        }

    def _incoming(self, form: Mapping[str, str], at: float) -> dict[str, Any]:
        return {
            **self._common(form["MessageSid"], at),
            "status": "received",
            "to": form["To"],
            "from": form["From"],
            "body": form["Body"],
            "direction": "inbound",
            "date_sent": rfc2822(at),
            "error_code": None,
        }

    def _common(self, sid: str, at: float) -> dict[str, Any]:
        return {
            "sid": sid,
            "account_sid": self._options.account_sid,
            "date_created": rfc2822(at),
            "date_updated": rfc2822(at),
            "error_message": None,
            "num_segments": "1",
            "num_media": "0",
            "messaging_service_sid": None,
            "price": None,
            "price_unit": "USD",
            "api_version": "2010-04-01",
            "subresource_uris": {},
            "uri": f"/2010-04-01/Accounts/{self._options.account_sid}/Messages/{sid}.json",
        }


def number_of(service: str, to: str) -> str:
    """The number by which a service texts somebody, always the same one."""
    digest = sha256(f"{service} {to}".encode()).digest()
    return f"+1512558{int.from_bytes(digest[:4]) % POOL:04}"
