"""SendGrid's mail/send, and the events that follow.

Source: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send and
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import asyncio
import re
import secrets
import time
from typing import Any

from aiohttp import web

from worker.sandbox import scenarios
from worker.sandbox.callbacks import Poster
from worker.sandbox.faults import Faults
from worker.sandbox.ledger import Contact, Ledger
from worker.sandbox.options import Options
from worker.sandbox.scenarios import MAIL_EVENTS, STRAYS

MOST_PERSONALIZATIONS = 1000
PEOPLE = "people"
"""How many a request asks for, as it says of itself."""
PROCESSING, TRAVELLING = 0.1, 0.3
"""Seconds, before `pace`."""
TOKEN = "outreach_token"  # noqa: S105  the name of a custom argument
MAILBOX = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")

# What each event carries beside the fields that all of them have.
DETAILS: dict[str, dict[str, str]] = {
    "bounce": {
        "event": "bounce",
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 no such user",
        "bounce_classification": "Invalid Address",
    },
    "complaint": {"event": "spamreport"},
    "stray-bounce": {
        "event": "bounce",
        "type": "bounce",
        "status": "5.1.10",
        "reason": "550 5.1.10 recipient not found",
        "sg_message_id": "",
    },
    "blocked": {
        "event": "bounce",
        "type": "blocked",
        "status": "4.7.1",
        "reason": "450 4.7.1 try again later",
        "bounce_classification": "Technical",
    },
    "dropped": {"reason": "Bounced Address"},
    "deferred": {"response": "451 4.3.2 busy", "attempt": "0"},
    "delivered": {"response": "250 OK", "tls": "1"},
    "click": {"url": "https://example.com/"},
}


class SendGridError(Exception):
    """The request is answered with SendGrid's error body."""

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        super().__init__(message)
        errors = [{"message": message, "field": field, "help": None}]
        self.answer = web.json_response({"errors": errors}, status=status)


class MailEndpoint:
    """The resource."""

    def __init__(self, options: Options, ledger: Ledger, faults: Faults, poster: Poster) -> None:
        self._options = options
        self._ledger = ledger
        self._faults = faults
        self._poster = poster

    async def send(self, request: web.Request) -> web.Response:
        """POST /v3/mail/send."""
        self._authenticate(request)
        body = await request.json()
        recipients = _check(body)
        request[PEOPLE] = len(recipients)
        self._ledger.note_post(body["from"]["email"])
        if self._options.unusable_sender:
            raise SendGridError(
                403, "The from address does not match a verified Sender Identity.", "from"
            )
        tags = [scenarios.tag_of(mailbox) for mailbox in recipients]
        if "invalid" in tags:
            where = f"personalizations.{tags.index('invalid')}.to.0.email"
            raise SendGridError(400, "Does not contain a valid address.", where)
        fault, mailbox = self._faults.due(zip(tags, recipients, strict=True))
        return await self._faults.answer(request, fault, mailbox, lambda: self._accept(body))

    async def scopes(self, request: web.Request) -> web.Response:
        """GET /v3/scopes: what the key may do."""
        self._authenticate(request)
        return web.json_response({"scopes": ["mail.send"]})

    def _authenticate(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self._options.api_key}":
            raise SendGridError(
                401, "The provided authorization grant is invalid, expired, or revoked"
            )
        if self._options.credits_exhausted:
            raise SendGridError(401, "Maximum credits exceeded")

    def _accept(self, body: dict[str, Any]) -> web.Response:
        name = secrets.token_urlsafe(16)
        for personalization in body["personalizations"]:
            mailbox = personalization["to"][0]["email"]
            arguments = personalization.get("custom_args", {})
            contact = Contact(
                kind="mail",
                sid=name,
                to=mailbox,
                source=body["from"]["email"],
                token=arguments.get(TOKEN),
                scenario=scenarios.tag_of(mailbox),
                content={
                    **_fill(body, personalization),
                    "personalization": personalization,
                },
            )
            self._ledger.accept(contact)
            self._poster.spawn(self._travel(contact, arguments))
        now = int(time.time())
        limits = {"Limit": "10000", "Remaining": "9999", "Reset": str(now + 1)}
        headers = {f"X-RateLimit-{part}": value for part, value in limits.items()}
        return web.Response(status=202, headers={"X-Message-Id": name, **headers})

    async def _travel(self, contact: Contact, arguments: dict[str, str]) -> None:
        tag = fault = scenarios.tag_of(contact.to)
        if tag == "silent" or fault == "no-callbacks" or not self._options.callbacks:
            return
        names = ("processed", *MAIL_EVENTS.get(tag, ("delivered",)))
        if fault == "reversed":
            await asyncio.sleep((PROCESSING + TRAVELLING) * self._options.pace)
            names = tuple(reversed(names))
        for name in names:
            seconds = PROCESSING if name == "processed" else TRAVELLING
            await asyncio.sleep(0 if fault == "reversed" else seconds * self._options.pace)
            event = self._event(contact, arguments, name)
            contact.status = str(event["event"])
            for _ in range(2 if fault == "doubled" else 1):
                self._poster.post_event(event)

    def _event(self, contact: Contact, arguments: dict[str, str], name: str) -> dict[str, Any]:
        return {
            "email": contact.to,
            "timestamp": int(time.time()),
            "event": name,
            "sg_event_id": secrets.token_urlsafe(16),
            "sg_message_id": f"{contact.sid}.recvd-sandbox-0",
            "smtp-id": f"<{contact.sid}@sandbox>",
            **({} if name in STRAYS else arguments),
            **DETAILS.get(name, {}),
        }


def _fill(body: dict[str, Any], personalization: dict[str, Any]) -> dict[str, Any]:
    """Subject and content as this recipient reads them."""
    subject = personalization.get("subject", body.get("subject"))
    content = [dict(part) for part in body.get("content") or ()]
    for mark, value in (personalization.get("substitutions") or {}).items():
        subject = subject.replace(mark, value) if subject else subject
        for part in content:
            part["value"] = part["value"].replace(mark, value)
    return {"subject": subject, "content": content}


def _check(body: Any) -> list[str]:  # noqa: ANN401  whatever JSON came
    """The mailboxes of a well-formed request, one per personalization."""
    people = body.get("personalizations") if isinstance(body, dict) else None
    if not isinstance(people, list) or not 0 < len(people) <= MOST_PERSONALIZATIONS:
        raise SendGridError(400, "The personalizations field is required.", "personalizations")
    mailboxes = []
    for number, person in enumerate(people):
        to = person.get("to") or [{}]
        mailbox = str(to[0].get("email", ""))
        if not MAILBOX.fullmatch(mailbox):
            where = f"personalizations.{number}.to.0.email"
            raise SendGridError(400, "Does not contain a valid address.", where)
        substitutions = person.get("substitutions") or {}
        if sum(len(f"{mark}{value}".encode()) for mark, value in substitutions.items()) > 10_000:
            where = f"personalizations.{number}.substitutions"
            raise SendGridError(400, "The substitutions are too long.", where)
        mailboxes.append(mailbox)
    if not MAILBOX.fullmatch(str(body.get("from", {}).get("email", ""))):
        raise SendGridError(400, "The from email does not contain a valid address.", "from.email")
    if not body.get("template_id"):
        _check_content(body)
    return mailboxes


def _check_content(body: dict[str, Any]) -> None:
    subjects = [body.get("subject"), *(p.get("subject") for p in body["personalizations"])]
    if not any(subjects):
        raise SendGridError(400, "The subject is required.", "subject")
    if any("\r" in subject or "\n" in subject for subject in subjects if subject):
        raise SendGridError(400, "The subject must not contain line breaks.", "subject")
    content = body.get("content") or []
    kinds = [part.get("type") for part in content]
    if not kinds or not all(part.get("value") for part in content):
        raise SendGridError(
            400, "The content value must be a string at least one character in length.", "content"
        )
    if kinds != sorted(kinds, key=["text/plain", "text/html"].index):
        raise SendGridError(400, "text/plain must come before text/html.", "content")
