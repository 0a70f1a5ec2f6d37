"""Twilio's Calls: create, fetch, list, update; and the life of a call.

Source: https://www.twilio.com/docs/voice/api/call-resource
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from aiohttp import web
from multidict import MultiDictProxy

from worker.sandbox import scenarios
from worker.sandbox.callbacks import Poster
from worker.sandbox.faults import Faults
from worker.sandbox.ledger import Contact, Ledger
from worker.sandbox.options import Options
from worker.sandbox.scenarios import Ends, Refuses
from worker.sandbox.twilio_wire import (
    TwilioError,
    as_stored,
    authenticate,
    check_parties,
    new_sid,
    page,
    rfc2822,
    token_of,
)

LONGEST_TWIML = 4000
DIALING, RINGING, LISTENING, TALKING = 0.1, 0.3, 0.1, 0.3
"""Seconds, before `pace`."""


@dataclass(slots=True)
class PlacedCall:
    """One call at the provider."""

    contact: Contact
    ends: Ends
    callback: str | None
    events: list[str]
    amd_callback: str | None
    fault: str | None
    sequence: int = 0
    answered_by: str | None = None
    posted: list[dict[str, str]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Return whether it has reached a final status."""
        return self.contact.status in {"completed", "busy", "no-answer", "failed", "canceled"}


class Calls:
    """The resource."""

    def __init__(self, options: Options, ledger: Ledger, faults: Faults, poster: Poster) -> None:
        self._options = options
        self._ledger = ledger
        self._faults = faults
        self._poster = poster
        self._calls: dict[str, PlacedCall] = {}

    def reset(self) -> None:
        """Forget every call."""
        self._calls.clear()

    async def create(self, request: web.Request) -> web.Response:
        """POST …/Calls.json."""
        authenticate(request, self._options)
        form = await request.post()
        fields = {name: str(value) for name, value in form.items()}
        self._ledger.note_post(fields.get("From", ""))
        check_parties(fields, self._options)
        _check_content(fields)
        fate = scenarios.of_number(fields["To"])
        if isinstance(fate.call, Refuses):
            raise TwilioError(400, fate.call.code, fate.call.message)
        fault = scenarios.fault_of_number(fields["To"])
        ends = fate.call
        return await self._faults.answer(
            request, fault, fields["To"], lambda: self._accept(form, fields, ends, fault)
        )

    async def fetch(self, request: web.Request) -> web.Response:
        """GET …/Calls/{sid}.json."""
        authenticate(request, self._options)
        return web.json_response(self._resource(self._find(request)))

    async def list(self, request: web.Request) -> web.Response:
        """GET …/Calls.json."""
        authenticate(request, self._options)
        found = [(call.contact.accepted_at, self._resource(call)) for call in self._calls.values()]
        shown = [one for one in found if not self._options.hides(one[0])]
        return page(request, "calls", shown, self._options.list_lag)

    async def update(self, request: web.Request) -> web.Response:
        """POST …/Calls/{sid}.json: cancel or hang up. A call canceled while queued posts nothing."""
        authenticate(request, self._options)
        call = self._find(request)
        wish = str((await request.post()).get("Status", ""))
        allowed = {"canceled": {"queued", "ringing"}, "completed": {"in-progress", "ringing"}}
        if call.contact.status not in allowed.get(wish, set()):
            raise TwilioError(400, 21220, "Call is not in-progress. Cannot redirect.")
        call.contact.taken_back = wish == "canceled" and call.contact.status == "queued"
        call.contact.status = wish
        if wish == "completed":
            call.contact.hung_up = True
            self._poster.spawn(self._tell(call, "completed", wish))
        return web.json_response(self._resource(call))

    def _find(self, request: web.Request) -> PlacedCall:
        call = self._calls.get(request.match_info["sid"])
        if call is None:
            raise TwilioError(404, 20404, "The requested resource was not found")
        return call

    def _accept(
        self, form: MultiDictProxy[Any], fields: dict[str, str], ends: Ends, fault: str | None
    ) -> web.Response:
        call = PlacedCall(
            contact=Contact(
                kind="call",
                sid=new_sid("CA"),
                to=fields["To"],
                source=fields["From"],
                token=token_of(fields.get("StatusCallback")),
                scenario=fault or scenarios.of_number(fields["To"]).name,
                content={name: fields[name] for name in ("Twiml", "Url") if name in fields},
            ),
            ends=ends,
            callback=fields.get("StatusCallback"),
            events=[str(one) for one in form.getall("StatusCallbackEvent", ["completed"])],
            amd_callback=fields.get("AsyncAmdStatusCallback"),
            fault=fault,
        )
        if "MachineDetection" in fields:
            call.answered_by = _answered_by(ends, fields["MachineDetection"])
        self._ledger.accept(call.contact)
        self._calls[call.contact.sid] = call
        self._poster.spawn(self._live(call))
        return web.json_response(self._resource(call), status=201)

    async def _live(self, call: PlacedCall) -> None:
        """Dial, ring, talk, end; a call canceled on the way stops where it is."""
        steps = [("initiated", "initiated", DIALING), ("ringing", "ringing", RINGING)]
        if call.ends.status == "completed":
            steps.append(("answered", "in-progress", LISTENING))
        for event, status, seconds in steps:
            if call.is_over:
                return
            # A caller that polls never sees `initiated`: the resource stays queued.
            call.contact.status = "queued" if status == "initiated" else status
            await self._tell(call, event, status)
            await asyncio.sleep(seconds * self._options.pace)
            if event == "answered" and not call.is_over:
                await self._talk(call)
        if not call.is_over:
            call.contact.status = call.ends.status
            await self._tell(call, "completed", call.ends.status)
        if call.fault == "reversed" and call.callback:
            for form in reversed(call.posted):
                await self._poster.post_form(call.callback, form)

    async def _talk(self, call: PlacedCall) -> None:
        """Tell who answered while the call goes on, as soon as it is known."""
        self._poster.spawn(self._tell_answered_by(call))
        await asyncio.sleep(TALKING * self._options.pace)

    async def _tell(self, call: PlacedCall, event: str, status: str) -> None:
        form = self._form(call, status)
        call.sequence += 1
        if (
            not self._options.callbacks
            or self._options.is_down
            or not call.callback
            or event not in call.events
        ):
            return
        if call.fault == "no-callbacks":
            return
        if call.fault == "reversed":
            call.posted.append(form)
            return
        for _ in range(2 if call.fault == "doubled" else 1):
            await self._poster.post_form(call.callback, form)

    async def _tell_answered_by(self, call: PlacedCall) -> None:
        if call.amd_callback and call.answered_by:
            form = {
                "CallSid": call.contact.sid,
                "AccountSid": self._options.account_sid,
                "AnsweredBy": call.answered_by,
                "MachineDetectionDuration": "1200",
            }
            await self._poster.post_form(call.amd_callback, form)

    def _form(self, call: PlacedCall, status: str) -> dict[str, str]:
        form = {
            "CallSid": call.contact.sid,
            "AccountSid": self._options.account_sid,
            "From": call.contact.source,
            "To": as_stored(call.contact.to),
            "CallStatus": status,
            "ApiVersion": "2010-04-01",
            "Direction": "outbound-api",
            "Timestamp": rfc2822(time.time()),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.sequence),
        }
        if call.is_over:
            form |= {"CallDuration": "3" if status == "completed" else "0", "Duration": "1"}
            if call.ends.code:
                form["SipResponseCode"] = str(call.ends.code)
        if call.answered_by and status in {"in-progress", "completed"}:
            form["AnsweredBy"] = call.answered_by
        return form

    def _resource(self, call: PlacedCall) -> dict[str, Any]:
        contact = call.contact
        return {
            "sid": contact.sid,
            "account_sid": self._options.account_sid,
            "status": contact.status,
            "to": as_stored(contact.to),
            "to_formatted": as_stored(contact.to),
            "from": contact.source,
            "from_formatted": contact.source,
            "direction": "outbound-api",
            "date_created": rfc2822(contact.accepted_at),
            "date_updated": rfc2822(contact.accepted_at),
            "start_time": None if contact.status == "queued" else rfc2822(contact.accepted_at),
            "end_time": rfc2822(contact.accepted_at) if call.is_over else None,
            "duration": "3" if contact.status == "completed" else None,
            "answered_by": call.answered_by if call.is_over else None,
            "queue_time": "0",
            "api_version": "2010-04-01",
            "price": None,
            "price_unit": "USD",
            "phone_number_sid": None,
            "parent_call_sid": None,
            "uri": f"/2010-04-01/Accounts/{self._options.account_sid}/Calls/{contact.sid}.json",
        }


def _answered_by(ends: Ends, detection: str) -> str:
    """Say who answered; who waits for the end of a machine's greeting is told how it ended."""
    if detection == "DetectMessageEnd" and ends.answered_by == "machine_start":
        return "machine_end_beep"
    return ends.answered_by or "human"


def _check_content(fields: dict[str, str]) -> None:
    if not fields.get("Url") and not fields.get("Twiml"):
        raise TwilioError(400, 21205, "Url is not a valid URL")
    twiml = fields.get("Twiml", "")
    if len(twiml) > LONGEST_TWIML:
        raise TwilioError(400, 21205, "Twiml is too long")
    if twiml:
        try:
            ET.fromstring(twiml)  # noqa: S314  a test double that reads what its own caller sent
        except ET.ParseError:
            raise TwilioError(400, 21205, "Twiml is not well-formed") from None
