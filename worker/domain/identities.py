"""Whom an address belongs to, however it is spelled: what duplicates, caps and opt-outs are judged by.

Who stays two people: mailboxes that differ by dots or by a +tag, though some providers deliver both to one
person, for others don't; and the same name at two domains, though one may be an alias. A mail goes to the
spelling that was given; only the judging is by the fold.
"""

import re

from worker.domain.statuses import Mode

FOLD_VERSION = 1
"""To be raised with any change of what `identity_of` answers: stored recipients are then folded anew."""

# Area and subscriber make ten digits, which are given once; 9 says that a mobile phone is called.
# Source: https://www.itu.int/oth/T020200000A/en
_ARGENTINE_MOBILE = re.compile(r"\+549([0-9]{10})")


def identity_of(mode: Mode, address: str) -> str:
    """The identity of an address as `targets.normalize` returns it; equal for one person's spellings.

    A mailbox without case: no provider of any size tells `Ana@` from `ana@`. Its domain is ASCII already,
    international names by their A-label. A number in E.164, without the 9 of Argentina.
    """
    if mode is Mode.EMAIL:
        return address.lower()
    return _ARGENTINE_MOBILE.sub(r"+54\1", address)
