"""The time that a provider may hold a message: no longer than it may still arrive."""

from collections.abc import Sequence
from datetime import datetime
from math import floor

from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.windows import closes_at, is_open, local_window

# Twilio would hold one for up to 10 hours; one meant for noon should not come at 10 pm.
LONGEST = 14_400
# Twilio takes 1 s but advises more than 5: less may run out before the message was tried once.
SHORTEST = 6


def arrives_until(
    hours: OpenHours, zones: Sequence[str], expires_on: datetime | None, now: datetime
) -> datetime | None:
    """Until when a message that is handed over now may arrive.

    The campaign's window closes, the recipient's own hours do wherever the number may be, the batch
    expires: the first of them ends it.

    Args:
        hours: the campaign's.
        zones: where the recipient may be; none: nobody knows.
        expires_on: of the batch.
        now: by the database's clock.

    Returns:
        `now` where it may not arrive at all, None where no end is in sight.
    """
    windows = [hours.window]
    if hours.recipient is not None:
        windows += [local_window(hours.recipient, zone) for zone in zones]
    unknown = hours.recipient is not None and not zones
    if unknown or not all(is_open(window, now) for window in windows):
        return now
    ends = [expires_on, *(closes_at(window, now) for window in windows)]
    return min((end for end in ends if end is not None), default=None)


def validity(valid_until: float | None, handed_over: float) -> int | None:
    """Whole seconds a message may be held that is handed over at this moment at the latest.

    Args:
        valid_until: until when it may arrive; None: no end in sight. Both on the same clock, in seconds.
        handed_over: the last moment at which the provider is given it.

    Returns:
        SHORTEST to LONGEST; None where too little is left to send it at all.
    """
    if valid_until is None:
        return LONGEST
    left = floor(valid_until - handed_over)
    return None if left < SHORTEST else min(left, LONGEST)
