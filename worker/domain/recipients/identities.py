"""The identity behind an address, however it is spelled: what duplicates, caps and opt-outs are judged by.

Who stays two people: mailboxes that differ by dots or by a +tag, though some providers deliver both to one
person, for others don't; and the same name at two domains, though one may be an alias. A mail goes to the
spelling that was given; only the judging is by the fold.
"""

from worker.domain.recipients.mobile_marks import strip_mark
from worker.domain.statuses import Channel

FOLD_VERSION = 1
"""To be raised with any change of what `identity_of` answers: stored recipients are then folded anew."""


def identity_of(channel: Channel, address: str) -> str:
    """The identity of an address as `targets.normalize` returns it; equal for one person's spellings.

    A mailbox without case: no provider of any size tells `Ana@` from `ana@`. Its domain is ASCII already,
    international names by their A-label. A number in E.164, without what only marks a mobile phone.
    """
    if channel is Channel.EMAIL:
        return address.lower()
    return strip_mark(address)
