"""Parsing of digits by the library: the only place that asks its parser, which is meant to guess.

Source of the plans, prefixes and rules: the metadata of libphonenumber,
https://github.com/google/libphonenumber
"""

import re
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
)

from worker.domain.recipients.phone_spelling import TOO_LONG, Spelled

_PARSE_FAULTS: Final[dict[int, str]] = {
    NumberParseException.INVALID_COUNTRY_CODE: "has no country code we know",
    NumberParseException.NOT_A_NUMBER: "is not a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "is too short for a phone number",
    NumberParseException.TOO_SHORT_NSN: "is too short for a phone number",
    NumberParseException.TOO_LONG: TOO_LONG,
}
_OLD_MEXICAN = re.compile(r"521([0-9]{10})")


class UnreadNumber(Exception):
    """The digits are not one number; the message says why without quoting them."""


def parse(spelled: Spelled, region: str | None) -> PhoneNumber:
    """The library's reading, valid or not.

    Raises:
        UnreadNumber: it has none.
    """
    text = f"+{_without_mexican_one(spelled.digits)}" if spelled.has_plus else spelled.digits
    try:
        return phonenumbers.parse(text, region, keep_raw_input=True)
    except NumberParseException as fault:
        reason = _PARSE_FAULTS.get(fault.error_type, "is not a phone number")
        raise UnreadNumber(reason) from None


def parse_valid(spelled: Spelled, region: str | None) -> PhoneNumber | None:
    """The same where it is a number in use; else None."""
    try:
        number = parse(spelled, region)
    except UnreadNumber:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def parse_abroad(digits: str) -> PhoneNumber | None:
    """The number in use that these digits are behind a plus."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def national_digits(number: PhoneNumber) -> str:
    """The number without its country's calling code."""
    return phonenumbers.national_significant_number(number)


def e164(number: PhoneNumber) -> str:
    """The number in E.164."""
    return f"+{number.country_code}{national_digits(number)}"


def groups_at_home(number: PhoneNumber) -> tuple[str, ...]:
    """The groups of digits in which its own country writes a number."""
    return _groups(number, PhoneNumberFormat.NATIONAL)


def groups_abroad(number: PhoneNumber) -> tuple[str, ...]:
    """The groups in which it is written for other countries, its calling code first."""
    return _groups(number, PhoneNumberFormat.INTERNATIONAL)


def _groups(number: PhoneNumber, form: int) -> tuple[str, ...]:
    return tuple(re.findall("[0-9]+", phonenumbers.format_number(number, form)))


@cache
def pattern(region: str, name: str) -> re.Pattern[str]:
    """One of the patterns in a region's metadata; one that never matches where it has none."""
    facts = PhoneMetadata.metadata_for_region(region, None)
    found = getattr(facts, name, None)
    return re.compile(found) if found else re.compile(r"(?!)")


def begins_with_prefix(digits: str, region: str | None) -> bool:
    """Return whether a national or international prefix says where the number begins."""
    return region in SUPPORTED_REGIONS and any(
        pattern(region, name).match(digits) for name in ("national_prefix", "international_prefix")
    )


def _without_mexican_one(digits: str) -> str:
    """+52 1 55 …, how mobile numbers of Mexico were dialed from abroad until August 2019.

    Source: the numbering plan of the IFT in force since 2019-08-03, https://www.ift.org.mx
    """
    return _OLD_MEXICAN.sub(r"52\1", digits) if _OLD_MEXICAN.fullmatch(digits) else digits
