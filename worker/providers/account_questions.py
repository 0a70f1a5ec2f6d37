"""Questions to our accounts: whether they let us in, and whether they have our senders.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
https://www.twilio.com/docs/voice/api/outgoing-caller-ids
https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/retrieve-a-list-of-scopes-for-which-this-user-has-access
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from twilio.request_validator import RequestValidator

from worker.providers.one_question import Silence, Told, ask, basic, bearer

SEND = "mail.send"
CHECK_PATH = "/callbacks/check"
"""Where our own public door says whether what is signed for it arrives as it was signed."""


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """Addresses and keys of the accounts, and the address where we are reached."""

    twilio_url: str
    account_sid: str
    auth_token: str
    sendgrid_url: str
    api_key: str
    public_url: str


class Entry(StrEnum):
    """The answer of an account that was knocked at."""

    OPEN = "it lets us in"
    REFUSED = "it refuses our credentials"
    NARROW = "the key may not send mail"
    ODD = "it answers something else"
    SILENT = "it does not answer"


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """A number of the account."""

    number: str
    texts_to: str | None
    """Where it posts the texts that come in; None: that is not configured at the number."""


def knock_at_twilio(keys: AccountKeys) -> Entry:
    """Return whether the account may speak to Twilio at all."""
    return _entry(_ask_twilio(keys, "Calls.json?PageSize=1"))


def knock_at_sendgrid(keys: AccountKeys) -> Entry:
    """Return whether the key may send mail."""
    told = ask(f"{keys.sendgrid_url}/v3/scopes", bearer(keys.api_key))
    entry = _entry(told)
    if isinstance(told, Told) and entry is Entry.OPEN and SEND not in told.said.get("scopes", []):
        return Entry.NARROW
    return entry


def find_number(keys: AccountKeys, number: str) -> OwnNumber | Entry | None:
    """The account's number, or one it may show as the caller; None: it has neither."""
    escaped = quote(number, safe="")
    for resource, member in (
        ("IncomingPhoneNumbers.json", "incoming_phone_numbers"),
        ("OutgoingCallerIds.json", "outgoing_caller_ids"),
    ):
        told = _ask_twilio(keys, f"{resource}?PhoneNumber={escaped}")
        if (entry := _entry(told)) is not Entry.OPEN:
            return entry
        assert isinstance(told, Told)
        for one in told.said.get(member, []):
            if one.get("phone_number") == number:
                return OwnNumber(number, _texts_to(one))
    return None


def knock_at_ourselves(keys: AccountKeys, path: str = CHECK_PATH) -> Told | Silence:
    """Post what Twilio would sign to our public address, from outside in."""
    url = f"{keys.public_url}{path}"
    signature = RequestValidator(keys.auth_token).compute_signature(url, {})
    return ask(url, {"X-Twilio-Signature": signature}, b"")


def _texts_to(one: dict[str, Any]) -> str | None:
    # What goes to an application or a service is configured there, not at the number.
    return None if one.get("sms_application_sid") else one.get("sms_url")


def _ask_twilio(keys: AccountKeys, resource: str) -> Told | Silence:
    url = f"{keys.twilio_url}/2010-04-01/Accounts/{keys.account_sid}/{resource}"
    return ask(url, basic(keys.account_sid, keys.auth_token))


def _entry(told: Told | Silence) -> Entry:
    match told:
        case Silence():
            return Entry.SILENT
        case Told(status=200):
            return Entry.OPEN
        case Told(status=401 | 403):
            return Entry.REFUSED
        case _:
            return Entry.ODD
