"""The parts of Twilio's wire that calls and messages share: credentials, errors, dates, lists.

Source: https://www.twilio.com/docs/usage/twilios-response and the provider's OpenAPI description.
"""

import base64
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from worker.sandbox.options import Options

E164 = re.compile(r"\+[1-9]\d{6,14}")
TEXTS_FROM = re.compile(
    r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}|[1-9]\d{2,5}|(?=.*[A-Za-z])[\w &+-]{1,11}"
)
DEFAULT_PAGE = 50
LARGEST_PAGE = 1000


class TwilioError(Exception):
    """The request is answered with an error body."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = web.json_response(
            {
                "code": code,
                "message": message,
                "more_info": f"https://www.twilio.com/docs/errors/{code}",
                "status": status,
            },
            status=status,
        )


def authenticate(request: web.Request, options: Options) -> None:
    """Check the account and its token.

    Raises:
        Refusal: wrong credentials, another account, or a suspended one.
    """
    expected = f"{options.account_sid}:{options.auth_token}".encode()
    given = request.headers.get("Authorization", "")
    if given != f"Basic {base64.b64encode(expected).decode()}":
        raise TwilioError(401, 20003, "Authenticate")
    if request.match_info["account"] != options.account_sid:
        raise TwilioError(404, 20404, "The requested resource was not found")
    if options.suspended:
        raise TwilioError(403, 20005, "Account not active")


def check_parties(
    form: Mapping[str, str], options: Options, senders: re.Pattern[str] = E164
) -> None:
    """Check To and From.

    Raises:
        Refusal: one is missing, malformed or unusable.
    """
    if not form.get("To"):
        raise TwilioError(400, 21201, "No 'To' number is specified")
    sender = form.get("MessagingServiceSid") or form.get("From")
    if not sender:
        raise TwilioError(400, 21213, "A 'From' phone number is required")
    if not E164.fullmatch(form["To"]):
        raise TwilioError(400, 21211, "The 'To' number is not a valid phone number.")
    if not senders.fullmatch(sender) or options.unusable_sender:
        raise TwilioError(400, 21606, "The 'From' phone number provided is not usable.")


def new_sid(prefix: str) -> str:
    """A sid: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def rfc2822(at: float) -> str:
    """A date as the API writes it."""
    return format_datetime(datetime.fromtimestamp(at, UTC))


def token_of(callback: str | None) -> str | None:
    """The token that the caller put into its callback's address: the last part of the path."""
    if not callback:
        return None
    return urlsplit(callback).path.rstrip("/").rpartition("/")[2]


def as_stored(number: str) -> str:
    """Spell a number as the resource does: Twilio keeps some in another spelling."""
    return re.sub(r"^\+(52)1(?=\d{10}$)|^\+(54)9(?=\d{10}$)", r"+\1\2", number)


def page(
    request: web.Request, name: str, found: Sequence[tuple[float, dict[str, Any]]], lag: float
) -> web.Response:
    """One page of a list, newest first; what was accepted less than `lag` seconds ago is missing."""
    query = request.query
    size = min(int(query.get("PageSize", DEFAULT_PAGE)), LARGEST_PAGE)
    number = int(query.get("Page", 0))
    visible = [
        resource
        for accepted_at, resource in reversed(found)
        if accepted_at <= time.time() - lag
        and query.get("To", resource["to"]) == resource["to"]
        and query.get("From", resource["from"]) == resource["from"]
        and query.get("Status", resource["status"]) == resource["status"]
    ]
    shown = visible[number * size : (number + 1) * size]
    more = len(visible) > (number + 1) * size
    following = {**query, "Page": str(number + 1), "PageToken": "PT"}
    return web.json_response(
        {
            name: shown,
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + len(shown) - 1,
            "uri": str(request.rel_url),
            "first_page_uri": str(request.rel_url),
            "previous_page_uri": None,
            "next_page_uri": f"{request.path}?{urlencode(following)}" if more else None,
        }
    )
