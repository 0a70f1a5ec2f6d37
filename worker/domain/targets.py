"""Whom a target names: a number in E.164, a mailbox with a lower-cased domain, or nobody."""

from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat

from worker.domain.numbering import quickly_valid
from worker.domain.statuses import Mode


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Why nobody can be reached there; never quotes the target."""

    reason: str


_PARSE_FAULTS: dict[int, str] = {
    NumberParseException.INVALID_COUNTRY_CODE: "has no country code we know",
    NumberParseException.NOT_A_NUMBER: "is not a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "is too short for a phone number",
    NumberParseException.TOO_SHORT_NSN: "is too short for a phone number",
    NumberParseException.TOO_LONG: "is too long for a phone number",
}


def normalize(mode: Mode, target: str, default_region: str | None) -> str | Unreachable:
    """The address a target names, equal for equal recipients of a channel.

    Args:
        mode: the channel.
        target: as the operator wrote it.
        default_region: ISO 3166 code of the country that numbers without a + belong to.
    """
    if mode is Mode.EMAIL:
        return _mailbox(target.strip())
    target = target.strip()
    return quickly_valid(target, default_region) or _number(target, default_region)


def _number(target: str, default_region: str | None) -> str | Unreachable:
    try:
        number = phonenumbers.parse(target, default_region)
    except NumberParseException as fault:
        return Unreachable(_PARSE_FAULTS.get(fault.error_type, "is not a phone number"))
    if number.extension:
        return Unreachable("has an extension, which can't be dialed")
    if not phonenumbers.is_valid_number(number):
        return Unreachable("is not a number in use in its country")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _mailbox(target: str) -> str | Unreachable:
    try:
        # Without asking DNS: an upload must not wait for it, and its answer may change before the mail.
        found = validate_email(
            target, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError:
        return Unreachable("is not a mailbox")
    return f"{found.local_part}@{found.ascii_domain.lower()}"
