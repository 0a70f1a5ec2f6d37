"""Meanings of Twilio's refusals.

Twilio asks to decide by the HTTP status and not to build on codes
(https://support.twilio.com/hc/en-us/articles/48916449686299), so the status comes first, a code refines
it, and an unknown code falls back on the status. The codes: https://www.twilio.com/docs/api/errors
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

# Twilio may have acted before it said so; only a refusal with another 4xx is proof that it did not.
DOUBTFUL = frozenset({408, 409, 425})

THROTTLED = frozenset({
    20429,  # too many requests at once
    10004,  # too many calls at once
    22005,  # 24 hours of calls are queued
    21611,  # the sender's queue is full
    14107,  # too many messages
})  # fmt: skip

REFUSALS: dict[Refusal, frozenset[int]] = {
    Refusal.INVALID_TARGET: frozenset({
        21201, 21604,         # no To
        21211, 21217, 21401,  # not a valid number
        21202,                # premium number
        21214, 13223, 13224,  # cannot be reached
        21265,                # short code
        21614, 21635,         # not a mobile number, landline
        30005, 30006, 30011,  # unknown handset, landline or unreachable carrier, no MMS there
    }),
    Refusal.OPTED_OUT: frozenset({21610}),
    Refusal.NOT_PERMITTED: frozenset({
        21203, 21215, 21408, 13227, 32205,  # country not enabled for this account
        21216, 13225,                       # number blocked by Twilio
        21612,                              # this From cannot reach this To
        10002, 21219, 21607, 21608,         # trial account
    }),
    Refusal.CONTENT: frozenset({21618, 30007, 30019, 32017}),
}  # fmt: skip

HALTS: dict[HaltScope, frozenset[int]] = {
    HaltScope.CHANNEL: frozenset({
        20003, 20101, 70051, 20008,  # credentials
        20403, 20005, 20006, 20010, 10001, 90010, 30002,  # account suspended, closed or without funds
        20404,                       # no such account or address
    }),
    HaltScope.CAMPAIGN: frozenset({
        21206, 21208, 21209, 21210, 21212, 21213, 21601, 21603, 21606,  # From
        21616, 21659, 21660,                                 # From, of another service or account
        21205, 21218, 21609, 21624, 21626,                   # url, application, callback
        21602, 21617, 21619, 21620, 21623, 21654, 21655, 21656,  # body, media, content
        21701, 21702, 21703, 21704, 21705, 21709,            # messaging service
        20001, 20004, 20422,                                 # request
        30018, 30024, 30032, 30033, 30034, 30035,                   # sender not registered or verified
        30023, 30027, 63038,                                 # the sender's cap for today
    }),
}  # fmt: skip

# Said of the whole account where no code is known: it will be said again to the next request.
HALTING_STATUSES = frozenset({401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415})

WHY: dict[int, str] = {
    20003: "Twilio refused the credentials, or the account is suspended",
    20005: "the Twilio account is not active, which may be a matter of funds",
    20403: "the Twilio account is suspended or closed",
    20404: "Twilio knows no such account or address",
    21606: "the campaign's source is not a number this Twilio account can send from",
    21210: "the campaign's source is not a verified number of this Twilio account",
    21212: "the campaign's source is not a number Twilio accepts",
}
WHY_SCOPE: dict[HaltScope, str] = {
    HaltScope.CHANNEL: "Twilio refuses this account's requests",
    HaltScope.CAMPAIGN: "Twilio refuses the campaign's source or the form of its requests",
}

_REFUSAL_OF = {code: kind for kind, codes in REFUSALS.items() for code in codes}
_SCOPE_OF = {code: scope for scope, codes in HALTS.items() for code in codes}


# The same table where it is told after the creation, in a callback or to a look.
_MEANINGS: dict[Refusal | HaltScope, Meaning] = {
    Refusal.INVALID_TARGET: Meaning.INVALID,
    Refusal.OPTED_OUT: Meaning.OPTED_OUT,
    Refusal.NOT_PERMITTED: Meaning.UNDELIVERABLE,
    Refusal.CONTENT: Meaning.UNDELIVERABLE,
    HaltScope.CAMPAIGN: Meaning.SENDER_BARRED,
    HaltScope.CHANNEL: Meaning.ACCOUNT_BARRED,
}


def meaning_of(code: int) -> Meaning | None:
    """Look up a code in a report of a failure, by who is meant; None where the table lacks it."""
    kind = _REFUSAL_OF.get(code) or _SCOPE_OF.get(code)
    return _MEANINGS[kind] if kind else None


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
    if status == 429 or code in THROTTLED:
        return Throttled(retry_after(headers), named)
    return _judge_code(status, code, named)


def _judge_code(status: int, code: int | None, named: str) -> Answer:
    if code in _REFUSAL_OF:
        return Refused(_REFUSAL_OF[code], named)
    if code in _SCOPE_OF:
        return _halt(_SCOPE_OF[code], code, named)
    if status in HALTING_STATUSES:
        return _halt(HaltScope.CHANNEL, code, named)
    # A refusal nobody has met yet stays with this recipient; the operator may try it again.
    return Refused(Refusal.NOT_PERMITTED, named, is_unknown=True)


def _halt(scope: HaltScope, code: int | None, named: str) -> Halt:
    why = WHY.get(code or 0, WHY_SCOPE[scope])
    return Halt(scope, named, f"{why} ({named})")


def error_code(text: str) -> int | None:
    """The five-digit code of an error body; None where it has none or is no JSON at all."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) and 10_000 <= code <= 99_999 else None
