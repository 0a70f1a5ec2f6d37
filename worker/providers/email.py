"""Mail through SendGrid: sending one, reading what SendGrid says of it.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from worker.domain.content.tickets import LookupRequest, Mail, Ticket
from worker.domain.evidence.answers import Accepted, Answer, GroupRefused, Refused
from worker.domain.evidence.lookups import Lookup, Undecided
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel, ChannelStatus, SuppressReason
from worker.providers.deadline_clock import Moment
from worker.providers.events_array import Event, UnreadableEvent, read_array, unread
from worker.providers.http_replies import Reply, Unanswered
from worker.providers.list_unsubscribe import WaysOut
from worker.providers.sendgrid_drops import BLOCKS, DROP_REASONS
from worker.providers.sendgrid_errors import judge
from worker.providers.status_map import StatusMeaning

if TYPE_CHECKING:  # the process that only reads reports needs no SDK
    from worker.providers.sendgrid_client import SendGridAccount

# Comes back at the top level of every event, beside SendGrid's own names: hence the prefix. Custom
# arguments are stored for long and read by SendGrid's staff, so it is all they carry.
TOKEN_ARGUMENT = "outreach_token"  # noqa: S105  the name of a field
MARK_ARGUMENT = "outreach_mark"

# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event#event-objects
# A bounce after delivery happens and wins. What only a reader can do proves delivery, and what asks us
# to stop ranks above all, so that no other event of the mail can hide it.
EVENTS: dict[str, StatusMeaning] = {
    "processed": StatusMeaning(10, Meaning.UNDERWAY, ChannelStatus.PROCESSED),
    "deferred": StatusMeaning(20, Meaning.UNDERWAY, ChannelStatus.DEFERRED),
    "delivered": StatusMeaning(60, Meaning.REACHED, ChannelStatus.DELIVERED),
    "open": StatusMeaning(70, Meaning.NOTED, ChannelStatus.OPENED),
    "click": StatusMeaning(75, Meaning.NOTED, ChannelStatus.CLICKED),
    "bounce": StatusMeaning(90, Meaning.UNDELIVERABLE, ChannelStatus.BOUNCED),
    "dropped": StatusMeaning(90, Meaning.UNDELIVERABLE, ChannelStatus.DROPPED),
    "unsubscribe": StatusMeaning(95, Meaning.NOTED, ChannelStatus.UNSUBSCRIBED),
    "group_unsubscribe": StatusMeaning(95, Meaning.NOTED, ChannelStatus.UNSUBSCRIBED),
    "spamreport": StatusMeaning(96, Meaning.NOTED, ChannelStatus.SPAM_REPORT),
}
SUPPRESSING: dict[str, SuppressReason] = {
    "unsubscribe": SuppressReason.UNSUBSCRIBED,
    "group_unsubscribe": SuppressReason.UNSUBSCRIBED,
    "spamreport": SuppressReason.SPAM_REPORT,
}
# They concern no single mail of ours.
IGNORED = frozenset({"group_resubscribe", "account_status_change"})

EVENT_ID = re.compile(r"[!-~]{1,100}")
"""What is no such id, a NUL in it or a space, is no key."""
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
ENHANCED_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class EmailProvider:
    """Sends mail: to one recipient a request, or to a thousand who get the same words."""

    channel = Channel.EMAIL

    def __init__(self, account: "SendGridAccount", ways_out: WaysOut) -> None:
        self._account = account
        self._ways_out = ways_out

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        """Send the mail, or say what came instead."""
        return (await self.place_group([ticket], deadline=deadline))[0]

    async def place_group(self, tickets: Sequence[Ticket], *, deadline: Moment) -> list[Answer]:
        """Send mails of one form in one request: it is accepted, refused or in doubt for all of them."""
        try:
            reply = await self._account.send(_compose(tickets, self._ways_out), deadline)
        except Unanswered as unanswered:
            return [unanswered.outcome] * len(tickets)
        if reply.status == 202:
            return [Accepted(_message_id(reply, ticket.token)) for ticket in tickets]
        answer = judge(reply.status, reply.headers, reply.text)
        if isinstance(answer, Refused) and len(tickets) > 1:
            answer = GroupRefused(len(tickets), answer.code)
        return [answer] * len(tickets)

    async def probe(self) -> bool:
        """Return whether the provider answers this account."""
        return await self._account.answers()

    async def look_up(self, inquiry: LookupRequest) -> Lookup:  # noqa: ARG002  the protocol's signature
        """Nothing: by our key SendGrid answers no questions about a mail; its events tell."""
        return Undecided("mail_cannot_be_asked")


def _compose(tickets: Sequence[Ticket], ways_out: WaysOut) -> dict[str, object]:
    first = tickets[0]
    mail = first.content
    assert isinstance(mail, Mail)
    message: dict[str, object] = {
        "personalizations": [_personalization(ticket, ways_out) for ticket in tickets],
        "from": {"email": first.source},
    }
    if mail.template_id:
        return message | {"template_id": mail.template_id}
    # SendGrid wants the plain text first.
    parts = (("text/plain", mail.text), ("text/html", mail.html))
    content = [{"type": kind, "value": value} for kind, value in parts if value]
    return message | {"subject": mail.subject, "content": content}


def _personalization(ticket: Ticket, ways_out: WaysOut) -> dict[str, object]:
    mail = ticket.content
    assert isinstance(mail, Mail)
    made: dict[str, object] = {
        "to": [{"email": ticket.address}],
        "custom_args": {
            TOKEN_ARGUMENT: str(ticket.token),
            **({MARK_ARGUMENT: ticket.mark} if ticket.mark else {}),
        },
        "headers": ways_out.headers(ticket),
    }
    if mail.template_id:
        made["dynamic_template_data"] = mail.template_data or {}
    elif mail.substitutions:
        made["substitutions"] = mail.substitutions
    return made


def _message_id(reply: Reply, token: UUID) -> str:
    """SendGrid's name for the mail; one of our own where a 202 gives none.

    It was accepted all the same, and its events carry the token, so there is no doubt to resolve.
    """
    named = reply.headers.get("X-Message-Id", "")
    return named if MESSAGE_ID.fullmatch(named) else f"unnamed-{token}"


def unsubscribe_report(token: UUID, mark: str = "") -> Report:
    """Report a click on our own List-Unsubscribe address of a mail; whom it suppresses is known."""
    word = EVENTS["unsubscribe"]
    return Report(
        channel=Channel.EMAIL,
        key=f"{token}:one-click",
        token=token,
        sid=None,
        name="unsubscribe",
        rank=word.rank,
        sequence=0,
        meaning=word.meaning,
        channel_status=word.channel_status,
        mark=mark,
    )


class Events(list[Report]):
    """The reports of a delivery of events, and what of it could not be read, each whole."""

    def __init__(self) -> None:
        super().__init__()
        self.unread: list[str] = []

    @property
    def unreadable(self) -> int:
        """Count those that could not be read."""
        return len(self.unread)


def read_events(body: bytes) -> Events:
    """Read what a delivery of the event webhook says of mails.

    Whether one without our token is of a mail of ours, or of a person we mailed, is for the store to say.

    https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
    """
    events = Events()
    for event in read_array(body):
        report = event if isinstance(event, UnreadableEvent) else _read_event(event)
        if isinstance(report, UnreadableEvent):
            events.unread.append(report.text)
        elif report is not None:
            events.append(report)
    return events


def _read_event(event: Event) -> Report | UnreadableEvent | None:
    """None: it is no event of a mail, or no other sender's that could be of a person we mailed."""
    token, name = _token(event), _text(event, "event")
    if name in IGNORED or (token is None and name not in EVENTS):
        return None
    try:
        return _report(event, token) or unread(event)
    except RecursionError:  # a thousand brackets in brackets: its content is no key
        return unread(event)


def _token(event: Mapping[str, object]) -> UUID | None:
    try:
        return UUID(_text(event, TOKEN_ARGUMENT))
    except ValueError:
        return None


def _report(event: Mapping[str, object], token: UUID | None) -> Report | None:
    name = _text(event, "event")
    if name not in EVENTS:
        return None
    word, suppress, code = _read(name, event)
    sid = _text(event, "sg_message_id").partition(".")[0]
    return Report(
        channel=Channel.EMAIL,
        key=_key(event),
        token=token,
        sid=sid if MESSAGE_ID.fullmatch(sid) else None,
        name=name,
        rank=word.rank,
        sequence=0,
        meaning=word.meaning,
        channel_status=word.channel_status,
        code=code,
        suppress=suppress,
        at=_moment(event.get("timestamp")),
        identity=_identity(event) if suppress or token is None else None,
        mark=_text(event, MARK_ARGUMENT),
        is_unknown=_is_unknown(name, event),
    )


def _is_unknown(name: str, event: Mapping[str, object]) -> bool:
    """Return whether its reason leaves open whom it means: nobody knows it, or it is of our words or name."""
    if name == "dropped":
        told = DROP_REASONS.get(_text(event, "reason"))
        return told is None or told[0].meaning is Meaning.UNDELIVERABLE
    blocked = name == "bounce" and event.get("type") == "blocked"
    return blocked and BLOCKS.get(_text(event, "bounce_classification")) is Meaning.UNDELIVERABLE


def _identity(event: Mapping[str, object]) -> str | None:
    address = normalize(Channel.EMAIL, _text(event, "email"), None)
    return None if isinstance(address, Unreachable) else identity_of(Channel.EMAIL, address)


def _read(
    name: str, event: Mapping[str, object]
) -> tuple[StatusMeaning, SuppressReason | None, str | None]:
    """The word, whom to suppress and why it failed. A reason's own text may quote the address."""
    if name == "bounce":
        return _bounce(event)
    reason = _text(event, "reason")
    if name == "dropped" and reason in DROP_REASONS:
        refinement, suppress = DROP_REASONS[reason]
        return (
            StatusMeaning(EVENTS[name].rank, *refinement),
            suppress,
            reason.lower().replace(" ", "_"),
        )
    return EVENTS[name], SUPPRESSING.get(name), None


def _bounce(event: Mapping[str, object]) -> tuple[StatusMeaning, SuppressReason | None, str | None]:
    classification, status = _text(event, "bounce_classification"), _text(event, "status")
    word = EVENTS["bounce"]
    code = status if ENHANCED_STATUS.fullmatch(status) else None
    if event.get("type") == "blocked":
        return word._replace(meaning=BLOCKS.get(classification, Meaning.MISSED)), None, code
    gone = classification == "Invalid Address" or status.startswith("5.1.")
    meaning = Meaning.INVALID if gone else word.meaning
    return word._replace(meaning=meaning), SuppressReason.BOUNCED, code


def _key(event: Mapping[str, object]) -> str:
    """SendGrid's id of the event, the same when it is repeated; where it has none, its content's."""
    given = _text(event, "sg_event_id")
    if EVENT_ID.fullmatch(given):
        return given
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _moment(epoch: object) -> datetime | None:
    if not isinstance(epoch, int) or not 0 < epoch < 10**10:
        return None
    return datetime.fromtimestamp(epoch, UTC)
