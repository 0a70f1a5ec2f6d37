"""Digits beside a number that would be dialed with it or instead of it.

Another number, a place in a list, a prefix too many, a count, the last digits of a second line. They are
found where a whole number is written as its country writes it, and there are other digits beside it that
are no part of how the country would write them all. What a country allows in several lengths can't be
told apart in any grouping: 030 12 34 56 78 is eight digits, though 030 123456 is a number.
"""

from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from worker.domain.recipients.numbering_plans import valid_address
from worker.domain.recipients.phone_parsing import (
    begins_with_prefix,
    e164,
    groups_abroad,
    groups_at_home,
    national_digits,
    parse_abroad,
    parse_valid,
)
from worker.domain.recipients.phone_spelling import Spelled

SHORTEST_SECOND = 5
"""Digits; fewer behind a number are a direct dial rather than another number."""
LONGEST_INDEX = 2
"""Digits before any valid number that are its place in a list, where no prefix says otherwise."""
LONGEST_PLACE = 4
"""The same before a number in its country's own grouping."""
LONGEST_TAIL = 3
"""Digits in each group behind a number: a count, an extension, a second line's last digits."""
SURELY_WHOLE = 8
"""National digits; a shorter number may be the beginning of one whose subscriber is written in groups."""
DIRECT_DIALS = frozenset({43, 49})
"""Calling codes of countries where a hyphen stands before a direct dial, which belongs to the number.

Source: DIN 5008 (Germany) and ÖNORM A 1080 (Austria), the rules for business letters.
"""
LONGEST_RANGE = 10
"""Lines; 1234567-68 names two of them, and is no direct dial."""
AREA_AND_SUBSCRIBER = 2
"""Groups, where a country leaves it to the writer how a subscriber's digits are grouped."""
_PEOPLES = frozenset({
    PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE
})  # fmt: skip


def holds_another(spelled: Spelled, number: PhoneNumber, region: str | None) -> bool:
    """Return whether the digits are a whole number, and something else beside it."""
    if spelled.is_bare or _is_grouped_as_a_whole(spelled, number):
        return False
    return (
        any(_is_second(spelled, at, region) for at in range(1, len(spelled.groups)))
        or any(_is_tail(spelled, at, number) for at in range(1, len(spelled.groups)))
        or any(_is_place(spelled, at, number, region) for at in _places(spelled))
    )


def _is_grouped_as_a_whole(spelled: Spelled, number: PhoneNumber) -> bool:
    groups = groups_abroad(number) if spelled.has_plus else groups_at_home(number)
    return spelled.groups == groups


def _is_second(spelled: Spelled, at: int, region: str | None) -> bool:
    """Return whether another number begins with this group, and one is complete before it."""
    if spelled.groups[at][0] != "0" or len("".join(spelled.groups[at:])) < SHORTEST_SECOND:
        return False
    return parse_valid(spelled.until(at), region) is not None


def _is_tail(spelled: Spelled, at: int, whole: PhoneNumber) -> bool:
    """Return whether a number is complete before this group, which only has a few digits more."""
    tail = spelled.groups[at:]
    if max(map(len, tail)) > LONGEST_TAIL:
        return False
    called = national_digits(whole)[: -len("".join(tail))]
    if valid_address(str(whole.country_code), called) is None:
        return False
    if (head := parse_abroad(f"{whole.country_code}{called}")) is None:
        return False
    if len(tail) == 1 and spelled.gaps[-1] == "-" and _has_direct_dials(head):
        return _is_range(spelled.groups[at - 1], tail[0])
    return _is_complete(spelled.groups[at - 1], tail, head)


def _is_complete(last: str, tail: tuple[str, ...], head: PhoneNumber) -> bool:
    """Return whether a number that ends with this group is written as its country ends one."""
    groups = groups_at_home(head)
    if len(last) < len(groups[-1]):
        return False
    is_long_enough = len(tail) == 1 and len(last) >= len(tail[0]) + 2
    return is_long_enough or not _may_go_on(head, groups, tail)


def _may_go_on(head: PhoneNumber, groups: tuple[str, ...], tail: tuple[str, ...]) -> bool:
    """Return whether this may be the beginning of a subscriber's number, written in groups of one's own."""
    is_short = len(groups) == AREA_AND_SUBSCRIBER and len(national_digits(head)) < SURELY_WHOLE
    return is_short and len(tail[-1]) > 1 and phonenumbers.number_type(head) in _PEOPLES


def _has_direct_dials(number: PhoneNumber) -> bool:
    is_there = number.country_code in DIRECT_DIALS
    return is_there and phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE


def _is_range(last: str, tail: str) -> bool:
    """Return whether the tail names the last of some lines, the first of which is written out before it."""
    lines = int(tail) - int(last[-len(tail) :])
    return 0 < lines < LONGEST_RANGE


def _places(spelled: Spelled) -> Iterator[int]:
    """Return how many groups may be a number's place in a list, or a prefix too many."""
    if spelled.has_plus:
        return
    for at in range(1, len(spelled.groups)):
        if len("".join(spelled.groups[:at])) <= LONGEST_PLACE:
            yield at


def _is_place(spelled: Spelled, at: int, whole: PhoneNumber, region: str | None) -> bool:
    """Return whether a whole number begins with this group, so that those before it are something else."""
    behind = spelled.since(at)
    if (found := parse_valid(behind, region)) is None or e164(found) == e164(whole):
        return False
    if len("".join(spelled.groups[:at])) <= LONGEST_INDEX and not begins_with_prefix(
        spelled.digits, region
    ):
        return True
    return behind.groups == groups_at_home(found)
