"""The numbering plans of the world's regions: the library's metadata, compiled once per region.

`phonenumbers` takes tens of microseconds a number, which is most of a large upload. Its own patterns
answer in one or two. Source: the metadata of libphonenumber, https://github.com/google/libphonenumber
"""

import re
from dataclasses import dataclass
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

from worker.domain.recipients.costly_numbers import COSTLY_CODES, costly_pattern, name_kind

Pattern = re.Pattern[str]

NEVER = re.compile(r"(?!)")
_GROUP_NAME = re.compile(r"\(\?P<[a-z_]+>")
_REFERENCE = re.compile(r"\\[0-9]")


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """The metadata of one region; `valid` has a pattern for each length."""

    code: str
    abroad: Pattern
    national_prefix: Pattern
    prefix: Pattern
    transforms: bool
    general: Pattern
    lengths: frozenset[int]
    shortest: int
    leading: Pattern | None
    valid: dict[int, Pattern]
    costly: Pattern
    formats: tuple[tuple[Pattern, Pattern, bool], ...]

    def knows(self, number: str) -> bool:
        """Return whether a national number is of any known type."""
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

    def writes_prefix(self, number: str) -> bool:
        """Return whether the region writes its national prefix before this number."""
        for leading, whole, has_prefix in self.formats:
            if leading.match(number) and whole.fullmatch(number):
                return has_prefix
        return False


def costly_kind(address: str) -> str | None:
    """The kind of an E.164 number that costs its caller, or whom it is called for, far more than others."""
    if kind := COSTLY_CODES.get(address[:4]):
        return kind
    for length in (2, 3, 4):
        if found := plans(address[1:length]):
            if _costly_anywhere(address[1:length]).fullmatch(address, length) is None:
                return None
            matched = _plan_that_knows(found, address[length:]).costly.fullmatch(address, length)
            return name_kind(matched.lastgroup) if matched and matched.lastgroup else None
    return None


@cache
def _costly_anywhere(code: str) -> Pattern:
    """Return what is costly in any region of a calling code: most numbers are in none, and are asked once."""
    found = dict.fromkeys(plan.costly.pattern for plan in plans(code))
    return re.compile("|".join(_GROUP_NAME.sub("(?:", one) for one in found))


def _plan_that_knows(sharing: tuple[NumberPlan, ...], number: str) -> NumberPlan:
    """The plan of those that share a calling code to which a national number belongs; else the main one."""
    for plan in sharing:
        if plan.leading is None:
            if plan.knows(number):
                return plan
        elif plan.leading.match(number):
            return plan
    return sharing[0]


def valid_address(code: str, number: str) -> str | None:
    """E.164 of national digits behind a calling code; None where they are no number of a known type."""
    for plan in plans(code) if _leads(code).match(number) else _unled(code):
        if plan.leading is None:
            if plan.knows(number):
                return f"+{code}{number}"
        elif plan.leading.match(number):
            return f"+{code}{number}" if plan.knows(number) else None
    return None


@cache
def _leads(code: str) -> Pattern:
    """Match the beginnings of every region that has its own; made once, not 23 times for +1."""
    found = (plan.leading.pattern for plan in plans(code) if plan.leading is not None)
    return _compile("|".join(f"(?:{one})" for one in found))


@cache
def _unled(code: str) -> tuple[NumberPlan, ...]:
    """The plans of a calling code whose numbers begin in any way, the main one first."""
    return tuple(plan for plan in plans(code) if plan.leading is None)


def is_surely_none(digits: str) -> bool:
    """Return whether digits behind a plus are as long as a number in use, and none, beyond any doubt."""
    for length in (1, 2, 3):
        if found := plans(digits[:length]):
            code, number = digits[:length], digits[length:]
            is_plain = len(number) in found[0].lengths and found[0].cut(number) == number
            return is_plain and valid_address(code, number) is None
    return False


@cache
def plans(code: str) -> tuple[NumberPlan, ...]:
    """The plans of a calling code, the main one first; none for a code that no country has."""
    if not code or code.startswith("0"):
        return ()
    names = COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return tuple(plan_of(name) for name in names if name in SUPPORTED_REGIONS)


@cache
def plan_of(name: str) -> NumberPlan:
    """The plan of a region of `SUPPORTED_REGIONS`."""
    facts = PhoneMetadata.metadata_for_region(name, None)
    assert facts is not None
    general = facts.general_desc
    assert general is not None
    return NumberPlan(
        code=str(facts.country_code),
        abroad=_compile(facts.international_prefix),
        national_prefix=_compile(facts.national_prefix),
        prefix=_compile(facts.national_prefix_for_parsing),
        transforms=bool(facts.national_prefix_transform_rule),
        general=_compile(general.national_number_pattern),
        lengths=frozenset(general.possible_length),
        shortest=_shortest(facts.country_code or 0),
        leading=re.compile(facts.leading_digits) if facts.leading_digits is not None else None,
        valid={n: _compile_length(facts, general, n) for n in general.possible_length},
        costly=costly_pattern(facts),
        formats=_formats(facts.country_code or 0),
    )


def _shortest(code: int) -> int:
    """Digits of the shortest national number of any region that shares a calling code."""
    regions = (name for name in COUNTRY_CODE_TO_REGION_CODE[code] if name in SUPPORTED_REGIONS)
    found = (PhoneMetadata.metadata_for_region(name, None) for name in regions)
    return min(min(one.general_desc.possible_length) for one in found if one and one.general_desc)


def _formats(code: int) -> tuple[tuple[Pattern, Pattern, bool], ...]:
    """Return how numbers begin, how long they are, and whether the national prefix is written before them."""
    main = PhoneMetadata.metadata_for_region(COUNTRY_CODE_TO_REGION_CODE[code][0], None)
    return tuple(
        (
            re.compile(form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""),
            re.compile(form.pattern or ""),
            _has_digits(form.national_prefix_formatting_rule),
        )
        for form in (main.number_format if main else ())
    )


def _has_digits(rule: str | None) -> bool:
    return re.search("[0-9]", _REFERENCE.sub("", rule or "")) is not None


def _compile(pattern: str | None) -> Pattern:
    return re.compile(pattern) if pattern else NEVER


def _compile_length(facts: PhoneMetadata, general: PhoneNumberDesc, length: int) -> Pattern:
    """Compile what a number of this length must match: the general pattern, and that of one type or more."""
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
