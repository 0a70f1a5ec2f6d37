"""What number the written digits are: every digit called was written, and read in one way only.

The library knows each country's plan; here it is held to the text. Source of the plans, prefixes and
rules: the metadata of libphonenumber, https://github.com/google/libphonenumber
"""

import re
from collections.abc import Iterator
from functools import cache

import phonenumbers
from phonenumbers import (
    SUPPORTED_REGIONS,
    CountryCodeSource,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
)

from worker.domain.phone_spelling import TOO_LONG, TWO, Spelled

AMBIGUOUS = (
    "can be read with and without a calling code: write it with + or with its national prefix"
)
NO_PLUS = "has a calling code without +: write it with +"
NOT_IN_USE = "is not a number in use in its country"
OTHER_DIGITS = "is not written as numbers of its country are: write it with +"

_PARSE_FAULTS: dict[int, str] = {
    NumberParseException.INVALID_COUNTRY_CODE: "has no country code we know",
    NumberParseException.NOT_A_NUMBER: "is not a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "is too short for a phone number",
    NumberParseException.TOO_SHORT_NSN: "is too short for a phone number",
    NumberParseException.TOO_LONG: TOO_LONG,
}
SHORTEST_SECOND = 5
"""Digits; fewer behind a number are a direct dial rather than another number."""


LONGEST_INDEX = 2
"""Digits of the number that a line of a list may have before it."""


class UnreadNumber(Exception):
    """The digits are not one number; the message says why without quoting them."""


def read_number(spelled: Spelled, region: str | None) -> str:
    """The E.164 form of the one number that these digits can be.

    Args:
        spelled: the digits as they were written.
        region: ISO 3166 code of the country that numbers without a + belong to.

    Raises:
        UnreadNumber: they are none, two, or two different ones.
    """
    number = _parse(spelled, region)
    reading = _e164(number)
    if not phonenumbers.is_valid_number(number):
        raise UnreadNumber(_why_not(spelled))
    if not _is_as_written(spelled, number, region):
        raise UnreadNumber(OTHER_DIGITS)
    if not spelled.has_plus and _other_readings(spelled, number, region) - {reading}:
        raise UnreadNumber(AMBIGUOUS)
    if _holds_two(spelled, region) or _begins_with_another(spelled, number, region):
        raise UnreadNumber(TWO)
    return reading


def _parse(spelled: Spelled, region: str | None) -> PhoneNumber:
    text = f"+{_without_mexican_one(spelled.digits)}" if spelled.has_plus else spelled.digits
    try:
        return phonenumbers.parse(text, region, keep_raw_input=True)
    except NumberParseException as fault:
        reason = _PARSE_FAULTS.get(fault.error_type, "is not a phone number")
        raise UnreadNumber(reason) from None


def _why_not(spelled: Spelled) -> str:
    """A foreign number whose plus was dropped is the fault most worth naming."""
    return NOT_IN_USE if spelled.has_plus or _abroad(spelled) is None else NO_PLUS


def _other_readings(spelled: Spelled, number: PhoneNumber, region: str | None) -> set[str]:
    """What else these digits are: with the plus that a spreadsheet drops, or as a national number."""
    found = set()
    if number.country_code_source == CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN:
        national = PhoneNumber(number.country_code, int(spelled.digits))
        if region and phonenumbers.is_valid_number_for_region(national, region):
            found.add(_e164(national))
    if (abroad := _abroad(spelled)) and _may_begin_with_code(spelled, number, abroad):
        found.add(_e164(abroad))
    return found


def _abroad(spelled: Spelled) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(f"+{spelled.digits}")
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _may_begin_with_code(spelled: Spelled, national: PhoneNumber, abroad: PhoneNumber) -> bool:
    """Whether what is written first may be the other number's calling code.

    It is not where separators stand elsewhere, or just where the number's own country writes them.
    """
    if spelled.is_bare:
        return True
    begins = spelled.groups[0] == str(abroad.country_code)
    return begins and not _is_grouped_as_at_home(spelled, national)


def _is_grouped_as_at_home(spelled: Spelled, number: PhoneNumber) -> bool:
    at_home = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return spelled.groups == tuple(re.findall("[0-9]+", at_home))


def _begins_with_another(spelled: Spelled, number: PhoneNumber, region: str | None) -> bool:
    """Whether a whole number stands behind a line's own short number, as in a list: 2 030 1234567."""
    if spelled.has_plus or spelled.is_bare or len(spelled.groups[0]) > LONGEST_INDEX:
        return False
    if _is_grouped_as_at_home(spelled, number) or _begins_with_prefix(spelled.digits, region):
        return False
    try:
        behind = _parse(Spelled(spelled.groups[1:], has_plus=False), region)
    except UnreadNumber:
        return False
    return phonenumbers.is_valid_number(behind) and _e164(behind) != _e164(number)


def _begins_with_prefix(digits: str, region: str | None) -> bool:
    """Whether a national or international prefix says where the number begins."""
    return region in SUPPORTED_REGIONS and any(
        _pattern(region, name).match(digits) for name in ("national_prefix", "international_prefix")
    )


def _holds_two(spelled: Spelled, region: str | None) -> bool:
    """Whether the digits are a whole number, and another one behind it."""
    for at in range(1, len(spelled.groups)):
        second = Spelled(spelled.groups[at:], has_plus=False)
        if second.digits[0] != "0" or len(second.digits) < SHORTEST_SECOND:
            continue
        first = Spelled(spelled.groups[:at], spelled.has_plus)
        if _is_valid(first, region):
            return True
    return False


def _is_valid(spelled: Spelled, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(_parse(spelled, region))
    except UnreadNumber:
        return False


def _is_as_written(spelled: Spelled, number: PhoneNumber, region: str | None) -> bool:
    """Whether the digits called are those written, but for prefixes and the rules of a country."""
    code, called = str(number.country_code), phonenumbers.national_significant_number(number)
    home = phonenumbers.region_code_for_number(number)
    return any(
        rest == called or _is_moved(home, rest, called)
        for rest in _without_codes(spelled, code, region)
        for rest in (rest, *_without_prefix(rest, home), *_without_prefix(rest, region))
    )


def _without_codes(spelled: Spelled, code: str, region: str | None) -> Iterator[str]:
    """The digits as a national number: what may stand before it is cut off."""
    digits = spelled.digits
    if not spelled.has_plus:
        yield digits
        if region in SUPPORTED_REGIONS and (
            found := _pattern(region, "international_prefix").match(digits)
        ):
            digits = digits[found.end() :]
    if digits.startswith(code):
        yield digits[len(code) :]


def _without_prefix(digits: str, region: str | None) -> Iterator[str]:
    """The same without the national prefix, or a carrier's, of a country."""
    if region in SUPPORTED_REGIONS:
        prefixes = (
            _pattern(region, "national_prefix"),
            _pattern(region, "national_prefix_for_parsing"),
        )
        for found in filter(None, (prefix.match(digits) for prefix in prefixes)):
            yield digits[found.end() :]
            # Where the pattern takes in the number itself, only what stands before it is a prefix.
            yield from (
                digits[found.start(n) :] for n in range(1, 1 + len(found.groups())) if found[n]
            )


def _without_mexican_one(digits: str) -> str:
    """+52 1 55 …, how mobile numbers of Mexico were dialed from abroad until August 2019.

    Source: the numbering plan of the IFT in force since 2019-08-03, https://www.ift.org.mx
    """
    is_old = len(digits) == len("521") + 10 and digits.startswith("521")
    return f"52{digits[3:]}" if is_old else digits


def _is_moved(region: str | None, written: str, called: str) -> bool:
    """The rules of single countries by which other digits are called than were written."""
    if region == "AR":
        return _is_argentine_mobile(written, called)
    if region == "MX":
        return written == f"1{called}"
    area = _AREAS.get(region or "")
    return area is not None and called == area + written


def _is_argentine_mobile(written: str, called: str) -> bool:
    """0 343 15 555-1212 is called as 9 343 555-1212.

    Source: ENACOM's numbering plan; https://www.itu.int/oth/T020200000A/en
    """
    if not called.startswith("9"):
        return False
    rest = called[1:]
    bare = written.removeprefix("0")
    return bare == rest or any(bare == rest[:n] + "15" + rest[n:] for n in (2, 3, 4))


# Countries and islands with one area code, where numbers are written without it at home.
_AREAS = {
    "GG": "1481",
    "IM": "1624",
    "JE": "1534",
    "MG": "20",
    "NF": "3",
    "SM": "0549",
    "CC": "8",
    "CX": "8",
}
_AREAS |= {
    "AG": "268", "AI": "264", "AS": "684", "BB": "246", "BM": "441", "BS": "242", "DM": "767", "GD": "473",
    "GU": "671", "KN": "869", "KY": "345", "LC": "758", "MP": "670", "MS": "664", "SX": "721", "TC": "649",
    "TT": "868", "VC": "784", "VG": "284", "VI": "340",
}  # fmt: skip


@cache
def _pattern(region: str, name: str) -> re.Pattern[str]:
    facts = PhoneMetadata.metadata_for_region(region, None)
    pattern = getattr(facts, name, None)
    return re.compile(pattern) if pattern else re.compile(r"(?!)")


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
