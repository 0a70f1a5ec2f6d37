"""Meanings of Twilio's refusals.

Twilio asks to decide by the HTTP status and not to build on codes
(https://support.twilio.com/hc/en-us/articles/48916449686299), so the status comes first, a code refines
it, and an unknown code falls back on the status. The codes stand in `twilio_codes.py`.
"""

import json
from collections.abc import Mapping

from worker.domain.evidence.answers import (
    Answer,
    Halt,
    HaltScope,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.evidence.reports import Meaning
from worker.providers.http_replies import retry_after
from worker.providers.twilio_codes import KIND_OF, OF_THE_ACCOUNT, SAID, Kind, Passing

# Twilio may have acted before it said so; only a refusal with another 4xx is proof that it did not.
DOUBTFUL = frozenset({408, 409, 425})

# Said of the whole account where no code is known: it will be said again to the next request.
HALTING_STATUSES = frozenset({401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415})

WHY_SCOPE: dict[HaltScope, str] = {
    HaltScope.CHANNEL: "Twilio refuses this account's requests",
    HaltScope.CAMPAIGN: "Twilio refuses the campaign's source or the form of its requests",
}

# The same table where it is told after the creation, in a callback or to a look.
_MEANINGS: dict[Kind, Meaning] = {
    Refusal.INVALID_TARGET: Meaning.INVALID,
    Refusal.OPTED_OUT: Meaning.OPTED_OUT,
    Refusal.NOT_PERMITTED: Meaning.UNDELIVERABLE,
    Refusal.CONTENT: Meaning.UNDELIVERABLE,
    HaltScope.CAMPAIGN: Meaning.SENDER_BARRED,
    HaltScope.CHANNEL: Meaning.ACCOUNT_BARRED,
    Passing.RATE: Meaning.MISSED,
    Passing.DELIVERY: Meaning.MISSED,
    Passing.OWN: Meaning.MISSED,
}


def meaning_of(code: int) -> Meaning | None:
    """Look up a code in a report of a failure, by who is meant; None where the table lacks it."""
    kind = KIND_OF.get(code)
    return _MEANINGS[kind] if kind else None


def leaves_open(code: int) -> bool:
    """Return whether a code leaves open whom it means: nobody knows it, or it is of the words."""
    return KIND_OF.get(code) in {None, Refusal.CONTENT}


def judge(status: int, headers: Mapping[str, str], text: str) -> Answer:
    """Judge a reply other than a readable 2xx to a create request."""
    code = error_code(text)
    named = str(code) if code else f"http_{status}"
    if status < 300:
        return Unknown("garbled")
    if status < 400:
        return Halt(HaltScope.CHANNEL, "redirected", "Twilio's address answers with a redirect")
    if status >= 500 or status in DOUBTFUL:
        return Unknown(named)
    kind = KIND_OF.get(code or 0)
    if status == 429 or kind is Passing.RATE:
        return Throttled(retry_after(headers), named)
    return _judge_kind(status, code, kind, named)


def _judge_kind(status: int, code: int | None, kind: Kind | None, named: str) -> Answer:
    match kind:
        case Refusal():
            by_account = code in OF_THE_ACCOUNT
            return Refused(kind, named, is_unknown=kind is Refusal.CONTENT, by_account=by_account)
        case HaltScope():
            return _halt(kind, code, named)
        case _ if status in HALTING_STATUSES:
            return _halt(HaltScope.CHANNEL, code, named)
        case _:
            # A refusal nobody has met yet stays with this recipient; the operator may try it again.
            return Refused(Refusal.NOT_PERMITTED, named, is_unknown=kind is None)


def _halt(scope: HaltScope, code: int | None, named: str) -> Halt:
    why = SAID.get(code or 0, WHY_SCOPE[scope])
    return Halt(scope, named, f"{why} ({named})")


def error_code(text: str) -> int | None:
    """The five-digit code of an error body; None where it has none or is no JSON at all."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) and 10_000 <= code <= 99_999 else None
