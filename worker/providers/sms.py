"""SMS through Twilio: sending one, asking about it, reading what Twilio says of it.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from twilio.base import values

from worker.domain.consent.start_messages import Recalled, Received
from worker.domain.content.senders import SenderKind, kind_of
from worker.domain.content.tickets import LookupRequest, Text, Ticket
from worker.domain.evidence.answers import Answer, NotSent
from worker.domain.evidence.lookups import Lookup, Undecided
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.evidence.sent import Sent
from worker.domain.schedule.validity import validity
from worker.domain.statuses import Channel, ChannelStatus, SuppressReason
from worker.providers import twilio_lookup
from worker.providers.deadline_clock import Moment
from worker.providers.status_map import Refinement, StatusMeaning
from worker.providers.twilio_errors import leaves_open, meaning_of
from worker.providers.twilio_listing import list_since
from worker.providers.voice import RETRIES

if TYPE_CHECKING:  # the process that only reads reports needs no SDK
    from twilio.rest.api.v2010.account.message import MessageInstance

    from worker.providers.twilio_client import TwilioAccount

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
# A receipt of delivery outranks an earlier one of failure: carriers correct themselves that way round.
STATUSES: dict[str, StatusMeaning] = {
    "accepted": StatusMeaning(5, Meaning.UNDERWAY, ChannelStatus.ACCEPTED),
    "scheduled": StatusMeaning(5, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "queued": StatusMeaning(10, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "sending": StatusMeaning(20, Meaning.UNDERWAY, ChannelStatus.SENDING),
    "sent": StatusMeaning(30, Meaning.UNDERWAY, ChannelStatus.SENT),
    # We cancel no message: somebody did so at Twilio, and did not mean it to be sent again.
    "canceled": StatusMeaning(90, Meaning.UNDELIVERABLE, ChannelStatus.CANCELED),
    "failed": StatusMeaning(90, Meaning.UNDELIVERABLE, ChannelStatus.DELIVERY_FAILED),
    "undelivered": StatusMeaning(90, Meaning.UNDELIVERABLE, ChannelStatus.UNDELIVERED),
    "partially_delivered": StatusMeaning(95, Meaning.REACHED, ChannelStatus.DELIVERY_UNKNOWN),
    "delivered": StatusMeaning(100, Meaning.REACHED, ChannelStatus.DELIVERED),
    "read": StatusMeaning(110, Meaning.REACHED, ChannelStatus.OPENED),
}
FAILURES = frozenset({"failed", "undelivered"})

# What a failure is called by whom its code means, see `twilio_codes.py`; one named nowhere is final.
CALLED: dict[Meaning, ChannelStatus] = {
    Meaning.OPTED_OUT: ChannelStatus.UNSUBSCRIBED,
    Meaning.INVALID: ChannelStatus.INVALID,
}

MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")


class SmsProvider:
    """Sends messages and asks about them.

    Args:
        account: to send through.
        public_url: where Twilio reaches us.
    """

    channel = Channel.SMS

    def __init__(self, account: "TwilioAccount", *, public_url: str) -> None:
        self._account = account
        self._callbacks = f"{public_url}/callbacks/sms"

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        """Send the message, or say what came instead.

        Twilio holds it no longer than it may still arrive, were it written in the last moment.
        """
        assert isinstance(ticket.content, Text)
        held = validity(ticket.valid_until, deadline.boot)
        if held is None:
            return NotSent("too_late")
        by_service = kind_of(ticket.source) is SenderKind.SERVICE
        creation = self._account.client.messages.create_async(
            to=ticket.address,
            from_=values.unset if by_service else ticket.source,
            messaging_service_sid=ticket.source if by_service else values.unset,
            body=ticket.content.body,
            validity_period=held,
            status_callback=f"{self._callbacks}/{ticket.token}{ticket.query}{RETRIES}",
        )
        return await self._account.submit(creation, deadline)

    async def list_since(self, since: datetime) -> list[Sent] | Undecided:
        """List what the account made since then, all of it."""
        return await list_since(self._account, self._account.client.messages, since)

    async def probe(self) -> bool:
        """Return whether the provider answers this account."""
        return await self._account.answers()

    async def look_up(self, inquiry: LookupRequest) -> Lookup:
        """Ask what Twilio knows of this message."""
        return await twilio_lookup.look_up(
            self._account, self._account.client.messages, inquiry, _read_record
        )

    async def recall(self, sid: str) -> Recalled:
        """Ask who wrote an incoming message, and when, by Twilio's clock: its webhook does not say when."""
        if not MESSAGE_SID.fullmatch(sid):
            return None
        asked = await self._account.ask(self._account.client.messages(sid).fetch_async())
        if isinstance(asked, Undecided):
            return asked
        record, _ = asked
        if record.sid != sid or str(record.direction) != "inbound" or not record.date_created:
            return Undecided("unreadable")
        return Received(str(record.from_), record.date_created)


def read_callback(params: Mapping[str, str], token: UUID, mark: str = "") -> Report | None:
    """Read a status callback; None where it is not one, or in words we don't know.

    https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
    """
    sid = params.get("MessageSid") or params.get("SmsSid", "")
    name = params.get("MessageStatus") or params.get("SmsStatus", "")
    written = params.get("ErrorCode", "")
    error_code = int(written) if re.fullmatch(r"[0-9]{1,6}", written) else None
    return _report(sid, name, error_code, token, mark=mark)


def _read_record(message: "MessageInstance", token: UUID) -> Report | None:
    code, name = message.error_code, str(message.status)
    error_code = code if isinstance(code, int) else None
    return _report(message.sid or "", name, error_code, token, message.date_updated)


def _report(
    sid: str,
    name: str,
    error_code: int | None,
    token: UUID,
    at: datetime | None = None,
    mark: str = "",
) -> Report | None:
    if name not in STATUSES or not MESSAGE_SID.fullmatch(sid):
        return None
    word = _refine(name, error_code)
    return Report(
        channel=Channel.SMS,
        key=f"{sid}:{name}:{error_code or ''}",
        token=token,
        sid=sid,
        name=name,
        rank=word.rank,
        sequence=0,
        meaning=word.meaning,
        channel_status=word.channel_status,
        code=str(error_code) if error_code else None,
        suppress=SuppressReason.UNSUBSCRIBED if word.meaning is Meaning.OPTED_OUT else None,
        at=at,
        mark=mark,
        is_unknown=_is_unknown(name, error_code),
    )


def _refine(name: str, error_code: int | None) -> StatusMeaning:
    word = STATUSES[name]
    if name not in FAILURES or error_code is None:
        return word
    return StatusMeaning(word.rank, *_refinement(error_code, word))


def _is_unknown(name: str, error_code: int | None) -> bool:
    """Return whether it failed with a code that leaves open whom it means."""
    return name in FAILURES and error_code is not None and leaves_open(error_code)


def _refinement(error_code: int, word: StatusMeaning) -> Refinement:
    meaning = meaning_of(error_code) or word.meaning
    return Refinement(meaning, CALLED.get(meaning, word.channel_status))
