"""The quick way for phone numbers that are written plainly; the slow way judges all others.

It only ever says yes, and only where the library's steps and ours can be followed without doubt: digits
in groups, a calling code behind a plus or a default region, a national prefix that is absent or simply
cut off, a number that one of the patterns knows, and nothing beside it that might be another. Anything
else, and everything invalid, is left to the slow way. A test holds both against each other.
"""

import re

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

from worker.domain.recipients.numbering_plans import NumberPlan, plan_of, plans, valid_address
from worker.domain.recipients.phone_neighbours import LONGEST_PLACE, LONGEST_TAIL, SHORTEST_SECOND

_ABROAD = re.compile(r"\+[1-9][0-9]*(?:[ -][0-9]+){0,6}")
_AT_HOME = re.compile(r"(?:\([0-9]{2,4}\) ?|[0-9]{2,5}[ -])[0-9]+(?:[ -][0-9]+){0,5}")
_GROUP = re.compile("[0-9]+")
_SEPARATORS = str.maketrans("", "", " -")
_MAY_END_SOONER = re.compile(r"[ )-](?:0|[0-9]{1,3}\Z)")
"""A group that may begin another number, or one so short that it may be a tail."""
LONGEST_DATE = 8
"""Digits of 2024-05-12."""


def quickly_valid(target: str, region: str | None) -> str | None:
    """The E.164 form of a valid number; None leaves it to the slow way.

    Args:
        target: as it was written.
        region: ISO 3166 code of the country that numbers without a + belong to.
    """
    if _ABROAD.fullmatch(target):
        return _abroad(target)
    if region in SUPPORTED_REGIONS and _AT_HOME.fullmatch(target):
        return _at_home(target, plan_of(region))
    return None


def _abroad(target: str) -> str | None:
    digits = target[1:].translate(_SEPARATORS)
    for length in (1, 2, 3):
        if found := plans(digits[:length]):
            number = digits[length:]
            # A prefix that was written where none belongs: the library knows what to make of it.
            if found[0].cut(number) != number:
                return None
            if _MAY_END_SOONER.search(target) and _ends_sooner(target, number, found[0]):
                return None
            return valid_address(digits[:length], number)
    return None


def _at_home(target: str, plan: NumberPlan) -> str | None:
    groups = _GROUP.findall(target)
    digits = "".join(groups)
    may_be_date = "-" in target and len(digits) <= LONGEST_DATE
    begins_abroad = plan.abroad.match(digits) or digits.startswith(plan.code)
    if may_be_date or begins_abroad or _begins_with_code(groups[0], digits):
        return None
    number = plan.cut(digits)
    if number is None or (_MAY_END_SOONER.search(target) and _ends_sooner(target, number, plan)):
        return None
    return None if _begins_later(groups, digits, plan) else valid_address(plan.code, number)


def _begins_with_code(group: str, digits: str) -> bool:
    """Return whether the first group may be a calling code, with enough behind it for a number."""
    if group[0] == "0" or len(group) > 3 or int(group) not in COUNTRY_CODE_TO_REGION_CODE:
        return False
    shortest = min((plan.shortest for plan in plans(group)), default=0)
    return len(digits) - len(group) >= shortest


def _ends_sooner(target: str, number: str, plan: NumberPlan) -> bool:
    """True if a number may be complete before a group that begins like another, or a few short ones."""
    behind, longest = 0, 0
    for group in reversed(_GROUP.findall(target)[1:]):
        behind, longest = behind + len(group), max(longest, len(group))
        is_suspect = longest <= LONGEST_TAIL or (group[0] == "0" and behind >= SHORTEST_SECOND)
        if is_suspect and _may_be_number(number[:-behind], plan):
            return True
    return False


def _begins_later(groups: list[str], digits: str, plan: NumberPlan) -> bool:
    """Return whether a number may begin behind a first few digits."""
    before = 0
    for group in groups[:-1]:
        before += len(group)
        if before > LONGEST_PLACE:
            return False
        behind = digits[before:]
        if _may_be_number(behind, plan) and not _lacks_prefix(digits, behind, plan):
            return True
    return False


def _lacks_prefix(digits: str, behind: str, plan: NumberPlan) -> bool:
    """True if a prefix begins the whole, and is missing where the region would write it before this."""
    begins = plan.national_prefix.match(digits) is not None
    return begins and not plan.national_prefix.match(behind) and plan.writes_prefix(behind)


def _may_be_number(digits: str, plan: NumberPlan) -> bool:
    """Return whether these digits may be a valid number at home; where it says no, they are none."""
    if plan.abroad.match(digits):
        return True
    if len(digits) < plan.shortest:
        return False
    number = plan.cut(digits)
    if number is None or digits.startswith(plan.code):
        return True
    return valid_address(plan.code, number) is not None
