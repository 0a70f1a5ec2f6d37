"""Scenarios: chosen by the last four digits of a number, or by the tag of a mailbox.

Any valid number may end in these digits, and `ana+bounce-0001@example.com` is one of as many mailboxes
as wanted, so that thousands of distinct addresses exist for every scenario.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ends:
    """Accepted; later it ends like this."""

    status: str
    code: int | None = None
    """SIP response of a call, error code of a message."""
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Refuses:
    """Refused at once, with HTTP 400 and this code."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table."""

    name: str
    digits: str
    call: Ends | Refuses
    message: Ends | Refuses


DELIVERED = Ends("delivered")
ANSWERED = Ends("completed")
INVALID = Refuses(21211, "The 'To' number is not a valid phone number.")

SCENARIOS = (
    Scenario("answered", "0100", ANSWERED, DELIVERED),
    Scenario("busy", "0101", Ends("busy", 486), Ends("undelivered", 30003)),
    Scenario("no-answer", "0102", Ends("no-answer", 487), Ends("undelivered", 30005)),
    Scenario("failed", "0103", Ends("failed", 404), Ends("failed", 30007)),
    Scenario("unavailable", "0104", Ends("failed", 503), Ends("sent")),
    Scenario("invalid", "0105", INVALID, INVALID),
    Scenario(
        "no-permission",
        "0106",
        Refuses(21215, "Account not authorized to call this region."),
        Refuses(21408, "Permission to send an SMS has not been enabled for the region."),
    ),
    Scenario("machine", "0107", Ends("completed", answered_by="machine_start"), DELIVERED),
    Scenario("fax", "0109", Ends("completed", answered_by="fax"), DELIVERED),
    Scenario(
        "opted-out", "0108", ANSWERED, Refuses(21610, "Attempt to send to unsubscribed recipient")
    ),
)

# Accepted ones go on as `answered` or `delivered`, callbacks included.
FAULTS = {
    "slow": "0120",
    "throttled": "0121",
    "accepted-then-timeout": "0122",
    "timeout": "0123",
    "cut-accepted": "0124",
    "cut": "0125",
    "truncated": "0126",
    "garbage": "0127",
    "redirect": "0128",
    "error": "0129",
    "error-accepted": "0130",
    "no-callbacks": "0131",
    "doubled": "0132",
    "reversed": "0133",
    "early": "0134",
}

# The events a mailbox's tag brings, after `processed`.
MAIL_EVENTS: dict[str, tuple[str, ...]] = {
    "delivered": ("delivered",),
    "bounce": ("bounce",),
    "blocked": ("blocked",),
    "dropped": ("dropped",),
    "deferred": ("deferred", "delivered"),
    "open": ("delivered", "open"),
    "click": ("delivered", "open", "click"),
    "unsubscribe": ("delivered", "unsubscribe"),
    "spam": ("delivered", "spamreport"),
    "complaint": ("delivered", "complaint"),
    "stray-bounce": ("delivered", "stray-bounce"),
    "invalid": (),
    "silent": (),
}
# These come without what we sent along, the last one without SendGrid's own id as well.
STRAYS = frozenset({"complaint", "stray-bounce"})

_BY_DIGITS = {scenario.digits: scenario for scenario in SCENARIOS}
_FAULT_BY_DIGITS = {digits: name for name, digits in FAULTS.items()}
_TAG = re.compile(r"\+([a-z]+(?:-[a-z]+)*)(?:-\d+)?@")


def of_number(number: str) -> Scenario:
    """The scenario of a phone number."""
    return _BY_DIGITS.get(number[-4:], SCENARIOS[0])


def fault_of_number(number: str) -> str | None:
    """The fault of a phone number, if it has one."""
    return _FAULT_BY_DIGITS.get(number[-4:])


def tag_of(mailbox: str) -> str:
    """The tag of a mailbox: a key of MAIL_EVENTS or of FAULTS; `delivered` for any other."""
    found = _TAG.search(mailbox.lower())
    tag = found.group(1) if found else "delivered"
    return tag if tag in MAIL_EVENTS or tag in FAULTS else "delivered"
