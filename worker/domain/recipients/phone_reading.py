"""Reading of the written digits as one number: every digit called was written, and read in one way only.

The library knows each country's plan; here it is held to the text.
"""

from collections.abc import Iterator

import phonenumbers
from phonenumbers import SUPPORTED_REGIONS, CountryCodeSource, PhoneNumber

from worker.domain.recipients.mobile_marks import MOBILE_MARKS
from worker.domain.recipients.numbering_plans import is_surely_none
from worker.domain.recipients.phone_neighbours import holds_another
from worker.domain.recipients.phone_parsing import (
    UnreadNumber,
    e164,
    groups_at_home,
    national_digits,
    parse,
    parse_abroad,
    pattern,
)
from worker.domain.recipients.phone_spelling import TWO, Spelled

AMBIGUOUS = (
    "can be read with and without a calling code: write it with + or with its national prefix"
)
NO_PLUS = "has a calling code without +: write it with +"
NOT_IN_USE = "is not a number in use in its country"
OTHER_DIGITS = "is not written as numbers of its country are: write it with +"


def read_number(spelled: Spelled, region: str | None) -> str:
    """The E.164 form of the one number that these digits can be.

    Args:
        spelled: the digits as they were written.
        region: ISO 3166 code of the country that numbers without a + belong to.

    Raises:
        UnreadNumber: they are none, two, or two different ones.
    """
    if spelled.has_plus and is_surely_none(spelled.digits):
        raise UnreadNumber(NOT_IN_USE)
    number = parse(spelled, region)
    if not phonenumbers.is_valid_number(number):
        raise UnreadNumber(_why_not(spelled))
    if not _is_as_written(spelled, number, region):
        raise UnreadNumber(OTHER_DIGITS)
    if _splits_its_code(spelled, number):
        raise UnreadNumber(TWO)
    if not spelled.has_plus and _other_readings(spelled, number, region) - {e164(number)}:
        raise UnreadNumber(AMBIGUOUS)
    if holds_another(spelled, number, region):
        raise UnreadNumber(TWO)
    return e164(number)


def _splits_its_code(spelled: Spelled, number: PhoneNumber) -> bool:
    """Return whether a separator stands within what would be the calling code, were its plus left out."""
    source = number.country_code_source
    is_bare = source == CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN
    return is_bare and not spelled.groups[0].startswith(str(number.country_code))


def _why_not(spelled: Spelled) -> str:
    """A foreign number whose plus was dropped is the fault most worth naming."""
    is_abroad = not spelled.has_plus and parse_abroad(spelled.digits) is not None
    return NO_PLUS if is_abroad else NOT_IN_USE


def _other_readings(spelled: Spelled, number: PhoneNumber, region: str | None) -> set[str]:
    """Return what else these digits are: with the plus that a spreadsheet drops, or as a national number."""
    found = set()
    if number.country_code_source == CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN:
        national = PhoneNumber(number.country_code, int(spelled.digits))
        if region and phonenumbers.is_valid_number_for_region(national, region):
            found.add(e164(national))
    # No calling code begins with a zero.
    abroad = None if spelled.digits.startswith("0") else parse_abroad(spelled.digits)
    if abroad and _may_begin_with_code(spelled, number, abroad):
        found.add(e164(abroad))
    return found


def _may_begin_with_code(spelled: Spelled, national: PhoneNumber, abroad: PhoneNumber) -> bool:
    """Return whether what is written first may be the other number's calling code.

    It is not where separators stand elsewhere, or just where the number's own country writes them.
    """
    if spelled.is_bare:
        return True
    begins = spelled.groups[0] == str(abroad.country_code)
    return begins and spelled.groups != groups_at_home(national)


def _is_as_written(spelled: Spelled, number: PhoneNumber, region: str | None) -> bool:
    """Return whether the digits called are those written, but for prefixes and the rules of a country."""
    code, called = str(number.country_code), national_digits(number)
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
            found := pattern(region, "international_prefix").match(digits)
        ):
            digits = digits[found.end() :]
    if digits.startswith(code):
        yield digits[len(code) :]


def _without_prefix(digits: str, region: str | None) -> Iterator[str]:
    """The same without the national prefix, or a carrier's, of a country."""
    if region in SUPPORTED_REGIONS:
        prefixes = (
            pattern(region, "national_prefix"),
            pattern(region, "national_prefix_for_parsing"),
        )
        for found in filter(None, (prefix.match(digits) for prefix in prefixes)):
            yield digits[found.end() :]
            # Where the pattern takes in the number itself, only what stands before it is a prefix.
            yield from (
                digits[found.start(n) :] for n in range(1, 1 + len(found.groups())) if found[n]
            )


def _is_moved(region: str | None, written: str, called: str) -> bool:
    """The rules of single countries by which other digits are called than were written."""
    if region == "AR":
        return _is_argentine_mobile(written, called)
    if region == "MX":
        return written == MOBILE_MARKS["MX"].digit + called
    area = _AREAS.get(region or "")
    return area is not None and called == area + written


def _is_argentine_mobile(written: str, called: str) -> bool:
    """0 343 15 555-1212 is called as 9 343 555-1212."""
    mark = MOBILE_MARKS["AR"].digit
    if not called.startswith(mark):
        return False
    rest = called.removeprefix(mark)
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
