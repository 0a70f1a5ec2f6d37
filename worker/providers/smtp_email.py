"""Mail through a mail server of one's own: sending one, reading what comes back of it.

One mail is one transaction of one recipient. Sending: RFC 5321; what comes back: RFC 3461 and RFC 3464.
"""

import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import formatdate
from typing import TYPE_CHECKING
from uuid import UUID

from worker.domain.content.tickets import LookupRequest, Mail, Ticket
from worker.domain.evidence.answers import Accepted, Answer, Halt, HaltScope, Refusal, Refused
from worker.domain.evidence.lookups import Lookup, Undecided
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel, SuppressReason
from worker.providers.deadline_clock import Moment
from worker.providers.email import EVENTS
from worker.providers.http_replies import Unanswered
from worker.providers.list_unsubscribe import TOKEN, WaysOut
from worker.providers.smtp_connections import SmtpConnection, SmtpDeclined, Unsuitable
from worker.providers.smtp_replies import judge, meaning_of_status
from worker.providers.smtp_transport import Envelope

if TYPE_CHECKING:  # who only reads what comes back sends nothing
    from worker.providers.smtp_transport import SmtpTransport

_POLICY = policy.SMTP.clone(cte_type="7bit")
"""Every server takes seven bits, and what it need not change keeps its signature."""
# What could end a command, or the address in it.
_ADDRESS = re.compile(r"[!-;=?-~]{1,320}")
_OURS = re.compile(rb"^message-id:\s*<" + TOKEN.encode() + rb"@", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

# RFC 3464, section 2.3.3, in SendGrid's words, which are our vocabulary. What is relayed may still fail.
ACTIONS: dict[str, str] = {
    "failed": "bounce",
    "delayed": "deferred",
    "delivered": "delivered",
    "relayed": "processed",
    "expanded": "processed",
}


class SmtpProvider:
    """Sends mail, one at a time.

    Args:
        transport: the way to the server.
        ways_out: where recipients unsubscribe.
    """

    channel = Channel.EMAIL

    def __init__(self, transport: "SmtpTransport", ways_out: WaysOut) -> None:
        self._transport = transport
        self._ways_out = ways_out

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        """Send the mail, or say what came instead."""
        if refusal := _refuse_unsendable(ticket):
            return refusal
        text = compose(ticket, self._ways_out, self._transport.own_name)
        try:
            async with self._transport.connection() as connection:
                mail = self._address(ticket, text, connection)
                await self._transport.deliver(connection, mail, deadline)
        except Unanswered as unanswered:
            return unanswered.outcome
        except Unsuitable as lacking:
            return Halt(HaltScope.CHANNEL, lacking.code, lacking.why)
        except SmtpDeclined as declined:
            return judge(declined.stage, declined.reply)
        return Accepted(_sid(ticket.token))

    async def place_group(self, group: Sequence[Ticket], *, deadline: Moment) -> list[Answer]:
        """Send one after the other: no two share a transaction."""
        return [await self.place(ticket, deadline=deadline) for ticket in group]

    async def look_up(self, inquiry: LookupRequest) -> Lookup:  # noqa: ARG002  the protocol's signature
        """Nothing: a mail server answers no questions about a mail."""
        return Undecided("mail_cannot_be_asked")

    async def probe(self) -> bool:
        """Return whether the server lets us in."""
        try:
            async with self._transport.connection():
                return True
        except (Unanswered, Unsuitable, SmtpDeclined):
            return False

    def _address(self, ticket: Ticket, text: bytes, connection: SmtpConnection) -> Envelope:
        """The commands, with what the server understands: the size, and whose mail it is if it comes back."""
        mail_from = f"MAIL FROM:<{self._transport.return_path or ticket.source}>"
        rcpt_to = f"RCPT TO:<{ticket.address}>"
        if "SIZE" in connection.extensions:
            mail_from += f" SIZE={len(text)}"
        if "DSN" in connection.extensions:
            mail_from += f" RET=HDRS ENVID={ticket.token}"
            rcpt_to += " NOTIFY=FAILURE,DELAY"
        return Envelope(mail_from, rcpt_to, text)


def _refuse_unsendable(ticket: Ticket) -> Answer | None:
    mail = ticket.content
    assert isinstance(mail, Mail)
    if mail.template_id is not None:
        why = "the campaign's template is at SendGrid, and its mail goes through a mail server"
        return Halt(HaltScope.CAMPAIGN, "template_id", why)
    if not _ADDRESS.fullmatch(ticket.source):
        why = "the campaign's source is no mailbox in ASCII"
        return Halt(HaltScope.CAMPAIGN, "source", why)
    if not _ADDRESS.fullmatch(ticket.address):
        return Refused(Refusal.NOT_PERMITTED, "not_ascii")
    return None


def compose(ticket: Ticket, ways_out: WaysOut, own_name: str) -> bytes:
    """The mail as it goes over the wire, without the line break that the terminator begins with."""
    mail = ticket.content
    assert isinstance(mail, Mail)
    message = EmailMessage(policy=_POLICY)
    message["From"] = ticket.source
    message["To"] = ticket.address
    message["Subject"] = _fill(mail, mail.subject)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{ticket.token}@{own_name}>"
    for name, value in ways_out.headers(ticket).items():
        message[name] = value
    if mail.text:
        message.set_content(_fill(mail, mail.text))
    if mail.html and mail.text:
        message.add_alternative(_fill(mail, mail.html), subtype="html")
    elif mail.html:
        message.set_content(_fill(mail, mail.html), subtype="html")
    return _stuff(message.as_bytes())


def _fill(mail: Mail, words: str | None) -> str:
    """The words with what was left for the provider to fill in."""
    filled = words or ""
    for place, value in (mail.substitutions or {}).items():
        filled = filled.replace(place, value)
    return filled


def _stuff(text: bytes) -> bytes:
    """Double each dot that begins a line, RFC 5321 4.5.2; no line ends in any other way than CRLF."""
    lines = re.split(rb"\r\n|\r|\n", text.removesuffix(b"\r\n"))
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


def _sid(token: UUID) -> str:
    return f"smtp-{token}"


def read_returned(raw: bytes) -> Report | None:
    """Read a mail that came back; None where it is no delivery status of a mail of ours.

    Args:
        raw: the whole mail, as the mailbox of returned mail got it.
    """
    message = message_from_bytes(raw, policy=policy.compat32)
    blocks = list(_status_blocks(message))
    told = next((one for one in blocks if one["Action"]), None)
    token = _find_token(blocks, raw)
    name = ACTIONS.get(str(told["Action"]).strip().lower()) if told else None
    if told is None or token is None or name is None:
        return None
    return _report(token, name, told)


def _status_blocks(message: Message) -> Iterator[Message]:
    """The groups of fields of a delivery status: of the mail, then of each recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from part.get_payload()  # type: ignore[misc]  # a list, where it is multipart


def _find_token(blocks: Sequence[Message], raw: bytes) -> UUID | None:
    envelope = next((one["Original-Envelope-Id"] for one in blocks), None)
    found = re.fullmatch(TOKEN, str(envelope or "").strip())
    if found:
        return UUID(found[1])
    returned = _OURS.search(raw)
    return UUID(returned[1].decode()) if returned else None


def _report(token: UUID, name: str, told: Message) -> Report:
    word = EVENTS[name]
    status = str(told["Status"] or "").split(" ")[0].strip()
    meaning = meaning_of_status(status) if name == "bounce" else word.meaning
    gone = meaning is Meaning.INVALID
    return Report(
        channel=Channel.EMAIL,
        key=f"{token}:{name}:{status}",
        token=token,
        sid=_sid(token),
        name=name,
        rank=word.rank,
        sequence=0,
        meaning=meaning,
        channel_status=word.channel_status,
        code=status if name == "bounce" and _STATUS.fullmatch(status) else None,
        suppress=SuppressReason.BOUNCED if gone else None,
        identity=_identity(told) if gone else None,
    )


def _identity(told: Message) -> str | None:
    named = str(told["Original-Recipient"] or told["Final-Recipient"] or "").partition(";")[2]
    address = normalize(Channel.EMAIL, named.strip(), None)
    return None if isinstance(address, Unreachable) else identity_of(Channel.EMAIL, address)
