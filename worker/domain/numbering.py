"""The quick way for phone numbers that are written plainly; the library judges all others.

`phonenumbers` takes tens of microseconds a number, which is most of a large upload. Its own metadata,
compiled once per country, answers in one or two. This way only ever says yes, and only where the
library's steps can be followed without doubt: a plus, groups of digits of which none begins like a
second number, a known calling code, a number that one of the patterns knows. Anything else, and
everything invalid, is left to the slow way. A test holds both against each other.
"""

import re
from dataclasses import dataclass
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

Pattern = re.Pattern[str]

# A whole number in groups; where it could be two, or end in decimals, the slow way looks closer.
_PLAIN = re.compile(r"\+[1-9][0-9]*(?:[ -][1-9][0-9]*){0,6}")
_SEPARATORS = str.maketrans("", "", " -")
NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class _Region:
    """What the metadata say of one region; `valid` has a pattern for each length."""

    prefix: Pattern
    transforms: bool
    general: Pattern
    lengths: frozenset[int]
    leading: Pattern | None
    valid: dict[int, Pattern]
    premium_rate: Pattern
    shared_cost: Pattern

    def knows(self, number: str) -> bool:
        """Whether a national number is of any known type."""
        pattern = self.valid.get(len(number))
        return pattern is not None and pattern.fullmatch(number) is not None

    def cut(self, digits: str) -> str | None:
        """The digits without a national prefix; None where that takes more than cutting."""
        found = self.prefix.match(digits)
        if found is None:
            return digits
        if self.transforms and (not found.groups() or found.groups()[-1] is not None):
            return None
        rest = digits[found.end() :]
        if rest == digits:
            return digits
        if len(rest) in self.lengths and self.general.fullmatch(rest):
            return rest
        return None


COSTLY_CODES = {
    "+808": "international shared-cost",
    "+870": "satellite",
    "+878": "personal",
    "+881": "satellite",
    "+882": "satellite",
    "+883": "satellite",
    "+979": "international premium-rate",
}
"""Calling codes of no country. Source: https://www.itu.int/pub/T-SP-E.164D"""


def costly_kind(address: str) -> str | None:
    """The kind of an E.164 number that costs its caller, or whom it is called for, far more than others."""
    if kind := COSTLY_CODES.get(address[:4]):
        return kind
    for length in (2, 3, 4):
        if regions := _regions(address[1:length]):
            main, number = regions[0], address[length:]
            kinds = (("premium-rate", main.premium_rate), ("shared-cost", main.shared_cost))
            return next((kind for kind, pattern in kinds if pattern.fullmatch(number)), None)
    return None


def quickly_valid(target: str) -> str | None:
    """The E.164 form of a valid number that is written with a plus; None leaves it to the slow way."""
    if _PLAIN.fullmatch(target) is None:
        return None
    return _international(target[1:].translate(_SEPARATORS))


def _international(digits: str) -> str | None:
    for length in (1, 2, 3):
        code = digits[:length]
        if regions := _regions(code):
            number = digits[length:]
            # A prefix that was written where none belongs: the library knows what to make of it.
            return _valid(code, number) if regions[0].cut(number) == number else None
    return None


def _valid(code: str, number: str) -> str | None:
    for region in _regions(code):
        if region.leading is None:
            if region.knows(number):
                return f"+{code}{number}"
        elif region.leading.match(number):
            return f"+{code}{number}" if region.knows(number) else None
    return None


@cache
def _regions(code: str) -> tuple[_Region, ...]:
    """The regions of a calling code, the main one first; none for a code that no country has."""
    if not code or code.startswith("0"):
        return ()
    names = COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return tuple(_region(name) for name in names if name in SUPPORTED_REGIONS)


@cache
def _region(name: str) -> _Region:
    facts = PhoneMetadata.metadata_for_region(name, None)
    assert facts is not None
    general = facts.general_desc
    assert general is not None
    return _Region(
        prefix=_compiled(facts.national_prefix_for_parsing),
        transforms=bool(facts.national_prefix_transform_rule),
        general=_compiled(general.national_number_pattern),
        lengths=frozenset(general.possible_length),
        leading=re.compile(facts.leading_digits) if facts.leading_digits is not None else None,
        premium_rate=_pattern_of(facts.premium_rate),
        shared_cost=_pattern_of(facts.shared_cost),
        valid={n: _known(facts, general, n) for n in general.possible_length},
    )


def _pattern_of(kind: PhoneNumberDesc | None) -> Pattern:
    return _compiled(kind.national_number_pattern if kind else None)


def _compiled(pattern: str | None) -> Pattern:
    return re.compile(pattern) if pattern else NEVER


def _known(facts: PhoneMetadata, general: PhoneNumberDesc, length: int) -> Pattern:
    """What a number of this length must match: the general pattern, and that of one type or more."""
    mobile = None if facts.same_mobile_and_fixed_line_pattern else facts.mobile
    types = (
        *(facts.fixed_line, mobile, facts.toll_free, facts.shared_cost, facts.premium_rate),
        *(facts.voip, facts.personal_number, facts.pager, facts.uan, facts.voicemail),
    )
    patterns = dict.fromkeys(
        kind.national_number_pattern for kind in types if kind is not None and _fits(kind, length)
    )
    either = "|".join(f"(?:{pattern})" for pattern in patterns)
    return (
        re.compile(f"(?=(?:{general.national_number_pattern})\\Z)(?:{either})")
        if patterns
        else NEVER
    )


def _fits(kind: PhoneNumberDesc, length: int) -> bool:
    lengths = kind.possible_length
    return bool(kind.national_number_pattern) and (not lengths or length in lengths)
