"""Twilio's error codes: whom or what each means, in one table for every way in which it is told.

Each is described at `source_of`. The status of an answer comes first, see `twilio_errors.py`; of a code
that stands in no row only the status is believed.
"""

from enum import StrEnum

from worker.domain.evidence.answers import HaltScope, Refusal


class Passing(StrEnum):
    """Meanings of a code that blames nobody: the moment is bad."""

    RATE = "rate"
    """Too much was asked at once; nothing was processed."""
    DELIVERY = "delivery"
    """It was taken and could not be delivered now; nobody was reached."""
    OWN = "own"
    """Something went wrong at Twilio itself."""


Kind = Refusal | HaltScope | Passing

_TABLE: dict[Kind, dict[int, str]] = {
    Refusal.INVALID_TARGET: {
        21201: "no To",
        21202: "premium number",
        21211: "no valid number",
        21214: "can't be reached",
        21217: "no valid number",
        21265: "a short code",
        21266: "the sender's own number",
        21401: "no valid number",
        21604: "no To",
        21614: "not a mobile number",
        21635: "landline",
        13223: "the number to dial is not valid",
        13224: "the number to dial can't be reached",
        30005: "unknown handset",
        30006: "landline, or its carrier can't be reached",
        30011: "no media there",
    },
    Refusal.OPTED_OUT: {21610: "the recipient has said STOP"},
    Refusal.NOT_PERMITTED: {
        13225: "Twilio does not dial this number",
        13227: "the country is not enabled for this account",
        21203: "the country is not enabled for this account",
        21215: "the country is not enabled for this account",
        21408: "the country is not enabled for this account",
        32205: "the country is not enabled for this account",
        21216: "Twilio does not call this number",
        21612: "this From can't reach this To",
        21657: "the country takes no such sender",
        30040: "the carrier takes registered senders alone",
        30041: "the country takes registered senders alone",
        30043: "the carrier takes senders of its own country alone",
        10002: "a trial account may not do this",
        21219: "a trial account calls verified numbers alone",
        21607: "a trial account sends from its trial number alone",
        21608: "a trial account texts verified numbers alone",
        30004: "blocked by carrier or recipient",
        30010: "dearer than the price that was set",
        30012: "its validity is too short",
        30450: "blocked as fraud that pumps texts",
    },
    Refusal.CONTENT: {
        21618: "the content can't be sent",
        30007: "filtered as spam",
        30038: "filtered for its one-time password",
        30019: "too large for the carrier",
        32017: "blocked for the caller's reputation",
    },
    HaltScope.CHANNEL: {
        20003: "Twilio refused the credentials, or the account is suspended",
        20101: "Twilio refused the access token",
        70051: "Twilio refused the credentials",
        20008: "these are test credentials, and the resource is a live one",
        20403: "the Twilio account is suspended or closed",
        20005: "the Twilio account is not active, which may be a matter of funds",
        20006: "the Twilio account is refused access",
        20010: "the Twilio account is suspended",
        10001: "the Twilio account is not active",
        90010: "the Twilio account is not active",
        30002: "the Twilio account was suspended",
        30454: "the Twilio account has sent as many messages as it may",
        20404: "Twilio knows no such account or address",
    },
    HaltScope.CAMPAIGN: {
        21206: "the campaign's source is not one that Twilio accepts",
        21208: "the campaign's source is not one that Twilio accepts",
        21209: "the campaign's source is not one that Twilio accepts",
        21210: "the campaign's source is not a verified number of this Twilio account",
        21212: "the campaign's source is not a number Twilio accepts",
        21213: "the campaign's source is missing",
        21267: "a trial account may not send under a name",
        21601: "the campaign's source is not a number that can send texts",
        21603: "the campaign's source is missing",
        21606: "the campaign's source is not a number this Twilio account can send from",
        21616: "the campaign's source fits several accounts",
        21659: "the campaign's source is no number of Twilio's",
        21660: "the campaign's source is a number of another Twilio account",
        21661: "the campaign's source is not a number that can send texts",
        21205: "Twilio refuses the address that answers the calls",
        21218: "Twilio knows no such application",
        21609: "Twilio refuses the address of our callbacks",
        21624: "Twilio refuses the validity of the texts",
        21626: "Twilio refuses the events of our callbacks",
        21602: "the text is empty",
        21617: "the text is too long",
        21619: "the text has neither words nor media",
        21620: "Twilio refuses the media's address",
        21623: "Twilio refuses the media",
        21654: "Twilio refuses the content template",
        21655: "Twilio knows no such content template",
        21656: "Twilio refuses the variables of the content template",
        21701: "Twilio knows no such messaging service",
        21702: "Twilio refuses the messaging service",
        21703: "the messaging service has no number",
        21704: "the messaging service has no number",
        21705: "Twilio refuses the messaging service",
        21709: "the messaging service is not this account's",
        20001: "Twilio can't read the campaign's requests",
        20004: "Twilio allows no such request",
        20422: "Twilio refuses a field of the campaign's requests",
        30018: "the sender must be registered with the carrier first",
        30024: "the sender is not provisioned at the carrier",
        30037: "the sender may not send at present",
        30042: "the sender's name is blocked as generic, or has characters it may not have",
        30125: "the number could not be registered for 10DLC",
        21711: "the messaging service has no such sender",
        63007: "Twilio knows no such sender",
        30032: "the toll-free number is not verified",
        30033: "the campaign's 10DLC registration is suspended",
        30034: "the number is not registered for 10DLC",
        30035: "the number is registered for another 10DLC campaign",
        30023: "the sender's 10DLC cap for today is used up",
        30027: "the sender's cap at T-Mobile for today is used up",
        63038: "the account's messages for today are used up",
    },
    Passing.RATE: {
        20429: "too many requests at once",
        10004: "too many calls at once",
        22005: "24 hours of calls are queued",
        21611: "the sender's queue is full",
        14107: "too many messages",
        21730: "Twilio is under maintenance",
    },
    Passing.DELIVERY: {
        30001: "the sender's queue overflowed",
        30003: "handset off or out of reach",
        30008: "unknown, says the carrier",
        30017: "carrier congestion",
        30022: "too many a second for the carrier",
        30036: "it waited at Twilio for longer than it was valid",
        30410: "the carrier did not answer in time",
        32016: "the call's network failed for a moment",
    },
    Passing.OWN: {
        20500: "an error of Twilio's own",
        20503: "Twilio is not available",
    },
}

OF_THE_ACCOUNT = frozenset(
    {10002, 13227, 21203, 21215, 21219, 21408, 21607, 21608, 21612, 21657, 32205}
)
"""Those of what is not permitted that say what this account or its sender may not: another one may."""

KIND_OF: dict[int, Kind] = {code: kind for kind, codes in _TABLE.items() for code in codes}
SAID: dict[int, str] = {code: said for codes in _TABLE.values() for code, said in codes.items()}


def codes_of(kind: Kind) -> frozenset[int]:
    """Return the codes of a kind."""
    return frozenset(_TABLE[kind])


def source_of(code: int) -> str:
    """Return where Twilio describes a code."""
    return f"https://www.twilio.com/docs/api/errors/{code}"
