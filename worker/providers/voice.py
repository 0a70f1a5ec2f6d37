"""Calls through Twilio: placing one, asking about it, reading what Twilio says of it.

https://www.twilio.com/docs/voice/api/call-resource
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from twilio.base import values

from worker.domain.consent.pressed_keys import resolve_actions
from worker.domain.content.tickets import Call, LookupRequest, Ticket
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.answers import Answer
from worker.domain.evidence.lookups import Lookup, Undecided
from worker.domain.evidence.reports import DIALED_RANK, Meaning, Report
from worker.domain.evidence.sent import Sent
from worker.domain.statuses import Channel, ChannelStatus
from worker.providers import twilio_lookup
from worker.providers.answered_by import DETECTION, machine_answered
from worker.providers.deadline_clock import Moment
from worker.providers.status_map import CALL_SID, Refinement, StatusMeaning
from worker.providers.twilio_errors import leaves_open, meaning_of
from worker.providers.twilio_listing import list_since

if TYPE_CHECKING:  # the process that only reads reports needs no SDK
    from twilio.rest.api.v2010.account.call import CallInstance

    from worker.providers.twilio_client import TwilioAccount

# Five rings or so: long enough to reach a phone, short enough that most voicemail has not answered.
RING_SECONDS = 25

EVENTS = ("initiated", "ringing", "answered", "completed")

# Three retries, also when we answer 5xx: by default Twilio repeats only what could not connect. The
# fragment is an instruction to Twilio, neither sent nor signed.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIES = "#rc=3&rp=ct,rt,5xx"

# https://www.twilio.com/docs/voice/api/call-resource#call-status-values; initiated is in callbacks only.
# The wire's channel statuses have no word for dialing and ringing.
STATUSES: dict[str, StatusMeaning] = {
    "queued": StatusMeaning(10, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "initiated": StatusMeaning(DIALED_RANK, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "ringing": StatusMeaning(30, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "in-progress": StatusMeaning(40, Meaning.CONNECTED, ChannelStatus.IN_PROGRESS),
    "completed": StatusMeaning(100, Meaning.REACHED, ChannelStatus.COMPLETED),
    "busy": StatusMeaning(100, Meaning.MISSED, ChannelStatus.BUSY),
    "no-answer": StatusMeaning(100, Meaning.MISSED, ChannelStatus.NO_ANSWER),
    # "Could not be completed as dialed, most likely because the phone number was non-existent."
    "failed": StatusMeaning(100, Meaning.UNDELIVERABLE, ChannelStatus.FAILED),
    # A call canceled while still queued fires no callback: one that says canceled had been dialed.
    "canceled": StatusMeaning(100, Meaning.MISSED, ChannelStatus.NO_ANSWER),
}
NEVER_DIALED = StatusMeaning(100, Meaning.NEVER_RANG, ChannelStatus.CANCELED)

# What the SIP response code makes of a failed call: RFC 3261, section 21; RFC 8197.
SIP_CODES: dict[int, Refinement] = {
    404: Refinement(Meaning.INVALID, ChannelStatus.SIP_NOT_FOUND),
    408: Refinement(Meaning.MISSED, ChannelStatus.FAILED),
    480: Refinement(Meaning.MISSED, ChannelStatus.SIP_TEMPORARILY_UNAVAILABLE),
    482: Refinement(Meaning.UNDELIVERABLE, ChannelStatus.SIP_LOOP_DETECTED),
    484: Refinement(Meaning.INVALID, ChannelStatus.INVALID),
    486: Refinement(Meaning.MISSED, ChannelStatus.BUSY),
    487: Refinement(Meaning.MISSED, ChannelStatus.NO_ANSWER),
    600: Refinement(Meaning.MISSED, ChannelStatus.BUSY),
    603: Refinement(Meaning.MISSED, ChannelStatus.DECLINED),
    604: Refinement(Meaning.INVALID, ChannelStatus.SIP_DOES_NOT_EXIST_ANYWHERE),
    607: Refinement(Meaning.UNDELIVERABLE, ChannelStatus.DECLINED),
}
SERVER_FAILURE = Refinement(Meaning.MISSED, ChannelStatus.FAILED)
"""Any other 5xx: a network's bad moment."""


class VoiceProvider:
    """Places calls and asks about them."""

    channel = Channel.VOICE

    def __init__(self, account: "TwilioAccount", *, public_url: str) -> None:
        self._account = account
        self._callbacks = f"{public_url}/callbacks/voice"

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        """Place the call, or say what came instead."""
        call = ticket.content
        assert isinstance(call, Call)
        creation = self._account.client.calls.create_async(
            to=ticket.address,
            from_=ticket.source,
            twiml=self._with_keys(call.twiml, ticket) or values.unset,
            url=call.url or values.unset,
            caller_id=call.caller_id or values.unset,
            timeout=RING_SECONDS,
            status_callback=f"{self._callbacks}/{ticket.token}{ticket.query}{RETRIES}",
            status_callback_event=list(EVENTS),
            **self._detection(call, ticket),
        )
        return await self._account.submit(creation, deadline)

    def _with_keys(self, twiml: str | None, ticket: Ticket) -> str | None:
        """The words with the addresses that are told of a pressed key."""
        address = f"{self._callbacks}/{ticket.token}/pressed"
        return resolve_actions(twiml, address, f"{ticket.query}{RETRIES}") if twiml else None

    def _detection(self, call: Call, ticket: Ticket) -> dict[str, str]:
        """The policy travels in the address, which Twilio signs: reading it needs no question."""
        if call.on_machine is None:
            return {}
        answered = f"{ticket.token}/answered-by/{call.on_machine}{ticket.query}{RETRIES}"
        return {
            "machine_detection": DETECTION[call.on_machine],
            "async_amd": "true",
            "async_amd_status_callback": f"{self._callbacks}/{answered}",
        }

    async def look_up(self, inquiry: LookupRequest) -> Lookup:
        """Ask what Twilio knows of this call."""
        read = partial(_read_record, on_machine=inquiry.on_machine)
        return await twilio_lookup.look_up(self._account, self._account.client.calls, inquiry, read)

    async def list_since(self, since: datetime) -> list[Sent] | Undecided:
        """List what the account made since then, all of it."""
        return await list_since(self._account, self._account.client.calls, since)

    async def probe(self) -> bool:
        """Return whether the provider answers this account."""
        return await self._account.answers()

    async def cancel(self, sid: str) -> bool:
        """Take back a call that is still queued or ringing; False where that is not certain."""
        return await self._end(sid, "canceled")

    async def hang_up(self, sid: str) -> bool:
        """End a call that was answered; False where that is not certain: it may be over already."""
        return await self._end(sid, "completed")

    async def _end(self, sid: str, status: str) -> bool:
        updated = await self._account.ask(
            self._account.client.calls(sid).update_async(status=status)
        )
        return not isinstance(updated, Undecided) and str(updated[0].status) == status


def pressed_report(token: UUID, mark: str) -> Report:
    """Report that a key was pressed in a call; it proves that there was one, and changes nothing."""
    return Report(
        channel=Channel.VOICE,
        key=f"{token}:key",
        token=token,
        sid=None,
        name="key",
        rank=0,
        sequence=0,
        meaning=Meaning.NOTED,
        channel_status=ChannelStatus.IN_PROGRESS,
        mark=mark,
    )


def report_canceled(sid: str) -> Report:
    """Report that we took a call back before it was dialed: Twilio posts no callback for that."""
    return Report(
        channel=Channel.VOICE,
        key=f"{sid}:canceled-by-us",
        token=None,
        sid=sid,
        name="canceled",
        rank=NEVER_DIALED.rank,
        sequence=0,
        meaning=NEVER_DIALED.meaning,
        channel_status=NEVER_DIALED.channel_status,
    )


def read_callback(params: Mapping[str, str], token: UUID, mark: str = "") -> Report | None:
    """Read a status callback; None where it is not one, or in words we don't know.

    https://www.twilio.com/docs/voice/api/call-resource#statuscallback
    """
    sid, name = params.get("CallSid", ""), params.get("CallStatus", "")
    if name not in STATUSES or not CALL_SID.fullmatch(sid):
        return None
    sequence = _number(params, "SequenceNumber")
    sip_code = _number(params, "SipResponseCode")
    error_code = _number(params, "ErrorCode")
    word = _refine(name, sip_code, error_code)
    return Report(
        channel=Channel.VOICE,
        key=f"{sid}:{name if sequence is None else sequence}",
        token=token,
        sid=sid,
        name=name,
        rank=word.rank,
        sequence=sequence or 0,
        meaning=word.meaning,
        channel_status=word.channel_status,
        code=_code(sip_code, error_code) if name == "failed" else None,
        at=_moment(params.get("Timestamp", "")),
        mark=mark,
        is_unknown=name == "failed" and _is_unknown(sip_code, error_code),
    )


def _read_record(
    call: "CallInstance", token: UUID, on_machine: OnMachine | None = None
) -> Report | None:
    sid, name = call.sid or "", str(call.status)
    if machine := machine_answered(sid, call.answered_by, token, on_machine):
        return machine
    if name not in STATUSES or not CALL_SID.fullmatch(sid):
        return None
    word = NEVER_DIALED if name == "canceled" and call.start_time is None else STATUSES[name]
    return Report(
        channel=Channel.VOICE,
        key=f"{sid}:{name}",
        token=token,
        sid=sid,
        name=name,
        rank=word.rank,
        sequence=0,
        meaning=word.meaning,
        channel_status=word.channel_status,
        at=call.date_updated,
    )


def _is_unknown(sip_code: int | None, error_code: int | None) -> bool:
    """Return whether a call failed with a code that leaves open whom it means."""
    is_told = error_code is not None and (meaning_of(error_code) or not sip_code)
    return bool(error_code and is_told and leaves_open(error_code))


def _code(sip_code: int | None, error_code: int | None) -> str | None:
    """Twilio's own code where the table knows it: it says who is meant."""
    if error_code and (meaning_of(error_code) or not sip_code):
        return str(error_code)
    return f"sip_{sip_code}" if sip_code else None


def _refine(name: str, sip_code: int | None, error_code: int | None) -> StatusMeaning:
    word = STATUSES[name]
    if name == "failed" and error_code and (meaning := meaning_of(error_code)):
        return word._replace(meaning=meaning)
    if name != "failed" or sip_code is None:
        return word
    fallback = SERVER_FAILURE if 500 <= sip_code < 600 else Refinement(*word[1:])
    return StatusMeaning(word.rank, *SIP_CODES.get(sip_code, fallback))


def _number(params: Mapping[str, str], name: str) -> int | None:
    written = params.get(name, "")
    return int(written) if re.fullmatch(r"[0-9]{1,6}", written) else None


def _moment(written: str) -> datetime | None:
    try:
        return parsedate_to_datetime(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
