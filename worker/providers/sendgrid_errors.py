"""Meanings of SendGrid's refusals.

https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/errors
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from worker.domain.evidence.answers import (
    Answer,
    Halt,
    HaltScope,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.providers.http_replies import reset_after, retry_after

# SendGrid may have acted before it said so; only a refusal with another 4xx is proof that it did not.
DOUBTFUL = frozenset({408, 409, 425})

TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Complaint:
    """A refusal that stops more than one mail: by status, and by words of its message if given."""

    status: int
    words: str
    scope: HaltScope
    code: str
    why: str


_C = HaltScope.CAMPAIGN
_A = HaltScope.CHANNEL
# In order: the first that fits.
COMPLAINTS: tuple[Complaint, ...] = (
    Complaint(400, "", _C, "http_400", "SendGrid refuses the form of the campaign's mail"),
    Complaint(401, "credits", _A, "credits", "the SendGrid account's credits are exhausted"),
    Complaint(401, "", _A, "http_401", "SendGrid refused the API key"),
    Complaint(402, "", _A, "http_402", "the SendGrid account must be paid first"),
    Complaint(403, "from address", _C, "sender", "the campaign's source is no verified sender"),
    Complaint(403, "sender identity", _C, "sender", "the campaign's source is no verified sender"),
    Complaint(403, "", _A, "http_403", "the SendGrid API key may not send mail"),
    Complaint(404, "", _A, "http_404", "SendGrid's address knows no mail/send"),
    Complaint(405, "", _A, "http_405", "SendGrid's address takes no mail"),
    Complaint(415, "", _A, "http_415", "SendGrid's address takes no JSON"),
)

_RECIPIENT_FIELD = re.compile(r"personalizations\.\d+\.to\b")


def judge(status: int, headers: Mapping[str, str], text: str) -> Answer:
    """Judge a reply other than 202 to a mail/send request."""
    if status < 300:
        return Unknown(f"http_{status}")
    if status < 400:
        return Halt(_A, "redirected", "SendGrid's address answers with a redirect")
    if status >= 500 or status in DOUBTFUL:
        return Unknown(f"http_{status}")
    if status == 429:
        reset = reset_after(headers)
        return Throttled(retry_after(headers) if reset is None else reset, "http_429")
    return _judge_body(status, text)


def _judge_body(status: int, text: str) -> Answer:
    errors = _errors(text)
    if status == 400 and any(_RECIPIENT_FIELD.search(field) for field, _ in errors):
        return Refused(Refusal.INVALID_TARGET, "recipient")
    if status == TOO_LARGE:
        return Refused(Refusal.CONTENT, "too_large", is_unknown=True)
    said = " ".join(message for _, message in errors).lower()
    for complaint in COMPLAINTS:
        if complaint.status == status and complaint.words in said:
            return Halt(complaint.scope, complaint.code, complaint.why)
    # A refusal nobody has met yet stays with this recipient; the operator may try it again.
    return Refused(Refusal.NOT_PERMITTED, f"http_{status}", is_unknown=True)


def _errors(text: str) -> list[tuple[str, str]]:
    """(field, message) of each error; either may be empty, and a field is often null."""
    try:
        body = json.loads(text)
    except ValueError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return []
    return [
        (str(error.get("field") or ""), str(error.get("message") or ""))
        for error in errors
        if isinstance(error, dict)
    ]
