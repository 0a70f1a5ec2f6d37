"""A mail server: STARTTLS, a login, one transaction after the other, and all its ways to fail.

A mail is taken when its last line has been seen, RFC 5321 4.1.1.4; whoever leaves before is forgotten.
"""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

from worker.sandbox import scenarios
from worker.sandbox.certificates import HOST, make_certificate
from worker.sandbox.faults import EARLY_SECONDS, HANG_SECONDS
from worker.sandbox.ledger import Contact, Ledger
from worker.sandbox.options import Options

USER = "outreach"
LARGEST_MAIL = 10 * 1024 * 1024
BEFORE = {"throttled": b"421 4.3.2 closing", "redirect": b"551 5.1.6 try elsewhere"}
"""What the recipient's command is answered with, the first time."""
FIXED = {
    b"RSET": b"250 2.0.0 fine",
    b"NOOP": b"250 2.0.0 fine",
    b"QUIT": b"221 2.0.0 bye",
}


@dataclass(slots=True)
class _Session:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encrypted: bool = False
    known: bool = False
    sender: str = ""
    recipient: str = ""

    def say(self, line: bytes) -> None:
        self.writer.write(line + b"\r\n")


class SmtpEndpoint:
    """Listens on loopback while it is served."""

    def __init__(self, options: Options, ledger: Ledger) -> None:
        self._options = options
        self._ledger = ledger
        self._fired: set[str] = set()
        self._context = _server_context(options.smtp_certificate)
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, _: object) -> AsyncIterator[None]:
        """Listen until it is over, and hang up on everybody then."""
        server = await asyncio.start_server(
            self._accept, HOST, self._options.smtp_port, limit=LARGEST_MAIL
        )
        yield
        server.close()
        for task in self._tasks:
            task.cancel()

    def reset(self) -> None:
        """Let every fault fire again."""
        self._fired.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(_Session(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, session: _Session) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            session.say(b"220 sandbox ESMTP")
            while not session.writer.is_closing():
                line = (await session.reader.readuntil(b"\r\n")).strip()
                await self._answer(session, line)
                await session.writer.drain()
        session.writer.close()

    async def _answer(self, session: _Session, line: bytes) -> None:
        verb, _, rest = line.upper().partition(b" ")
        if verb in {b"MAIL", b"RCPT", b"DATA"} and not session.known:
            session.say(b"530 5.7.0 log in first")
        elif said := FIXED.get(verb):
            session.say(said)
        else:
            await self._act(session, verb, line[len(verb) + 1 :] if rest else b"")

    async def _act(self, session: _Session, verb: bytes, rest: bytes) -> None:
        match verb:
            case b"EHLO":
                session.say(_greeting(session, offers_tls=not self._options.smtp_plain))
            case b"STARTTLS":
                await self._encrypt(session)
            case b"AUTH":
                self._log_in(session, rest)
            case b"MAIL":
                self._begin(session, _mailbox(rest))
            case b"RCPT":
                self._address(session, _mailbox(rest))
            case b"DATA":
                await self._receive(session)
            case _:
                session.say(b"502 5.5.1 no such command")

    async def _encrypt(self, session: _Session) -> None:
        session.say(b"220 2.0.0 go ahead")
        await session.writer.drain()
        await session.writer.start_tls(self._context)
        session.encrypted = True

    def _log_in(self, session: _Session, rest: bytes) -> None:
        shown = base64.b64decode(rest.partition(b" ")[2]).split(b"\0")[1:]
        wanted = [USER.encode(), self._options.api_key.encode()]
        session.known = session.encrypted and shown == wanted and not self._options.suspended
        session.say(b"235 2.7.0 welcome" if session.known else b"535 5.7.8 wrong login")

    def _begin(self, session: _Session, sender: str) -> None:
        session.sender, session.recipient = sender, ""
        self._ledger.note_post(sender)
        if self._options.unusable_sender:
            session.say(b"550 5.7.1 not your mailbox")
        else:
            session.say(b"250 2.1.0 fine")

    def _address(self, session: _Session, recipient: str) -> None:
        tag = scenarios.tag_of(recipient)
        if tag == "invalid":
            session.say(b"550 5.1.1 no such user")
        elif tag in BEFORE and self._fires(tag, recipient):
            session.say(BEFORE[tag])
        else:
            session.recipient = recipient
            session.say(b"250 2.1.5 fine")

    async def _receive(self, session: _Session) -> None:
        session.say(b"354 go ahead")
        await session.writer.drain()
        text = await session.reader.readuntil(b"\r\n.\r\n")
        await self._finish(session, text, scenarios.tag_of(session.recipient))

    async def _finish(self, session: _Session, text: bytes, tag: str) -> None:
        """The last line was seen: what is answered from here on, and whether the mail was taken."""
        first = tag in scenarios.FAULTS and self._fires(tag, session.recipient)
        if first and await self._forgets(session, tag):
            return
        contact = self._take(session, text)
        match tag if first else "":
            case "slow":
                await asyncio.sleep(self._options.slow_seconds)
            case "early":
                await asyncio.sleep(EARLY_SECONDS)
            case "accepted-then-timeout":
                await asyncio.sleep(HANG_SECONDS)
            case "cut-accepted" | "error-accepted":
                session.writer.transport.abort()
                return
            case "truncated":
                session.writer.write(b"25")
                session.writer.close()
                return
            case "garbage":
                session.say(b"<html>oops")
                return
            case _:
                pass
        session.say(f"250 2.0.0 taken as {contact.sid}".encode())

    async def _forgets(self, session: _Session, fault: str) -> bool:
        """Return whether the mail is not taken after all."""
        match fault:
            case "error":
                session.say(b"451 4.3.0 not now")
            case "timeout":
                await asyncio.sleep(HANG_SECONDS)
            case "cut":
                session.writer.transport.abort()
            case _:
                return False
        return True

    def _take(self, session: _Session, text: bytes) -> Contact:
        lines = text.removesuffix(b".\r\n").split(b"\r\n")
        whole = b"\r\n".join(line.removeprefix(b".") for line in lines)
        mail = message_from_bytes(whole, policy=policy.default)
        named = str(mail["Message-ID"] or "").strip("<>")
        contact = Contact(
            kind="mail",
            sid=named,
            to=session.recipient,
            source=session.sender,
            token=named.partition("@")[0] or None,
            scenario=scenarios.tag_of(session.recipient),
            content={
                "subject": str(mail["Subject"]),
                "headers": {name: str(value) for name, value in mail.items()},
                "content": _parts(mail),
            },
        )
        contact.abandoned = session.writer.is_closing()
        self._ledger.accept(contact)
        session.recipient = ""
        return contact

    def _fires(self, fault: str, recipient: str) -> bool:
        if recipient in self._fired:
            return False
        self._fired.add(recipient)
        self._ledger.faults[fault] += 1
        return True


def _greeting(session: _Session, *, offers_tls: bool) -> bytes:
    words = ["sandbox", f"SIZE {LARGEST_MAIL}", "DSN"]
    if session.encrypted:
        words.append("AUTH PLAIN")
    elif offers_tls:
        words.append("STARTTLS")
    lines = [f"250-{word}" for word in words[:-1]] + [f"250 {words[-1]}"]
    return "\r\n".join(lines).encode()


def _mailbox(rest: bytes) -> str:
    return rest.partition(b"<")[2].partition(b">")[0].decode("ascii", "replace")


def _parts(mail: EmailMessage) -> list[dict[str, str]]:
    return [
        {"type": part.get_content_type(), "value": part.get_content()}
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    ]


def _server_context(certificate: str) -> ssl.SSLContext:
    """A certificate of its own, which whoever should trust it finds in this file."""
    made = make_certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        both = Path(folder) / "both.pem"
        both.write_bytes(made.key + made.certificate)
        context.load_cert_chain(both)
    Path(certificate).write_bytes(made.certificate)
    return context
