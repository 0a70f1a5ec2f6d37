"""People of a batch who can never be contacted: their hours never come, though nothing else is wrong."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from worker.domain.schedule.eligibility import MARGIN
from worker.domain.schedule.hours import OpenHours
from worker.domain.schedule.windows import (
    Hours,
    Window,
    closes_at,
    common_closing,
    common_opening,
    opens_at,
    recipient_zones,
)

NO_ZONE = "their numbers tell no time zone, and recipient_hours is on"
APART = "the time zones they may be in have no hour in common"
OUTSIDE = "their own hours never meet the campaign's"
TOO_LATE = "their hours come after the batch expires"
LOOKS = 64
"""Openings that are tried, one a day at most: two months of weekly hours."""


class Alike(NamedTuple):
    """A group of E.164 numbers that begin alike and are equally long, and so share their zones."""

    prefix: str
    length: int
    n: int


class Never(NamedTuple):
    """The number of people who are never contacted, and why."""

    n: int
    why: str

    def __str__(self) -> str:
        return f"{self.n:,}: {self.why}"


@dataclass(frozen=True, slots=True)
class Reach:
    """The hours in which people may be contacted: by the campaign's hours, their own, and the batch's end."""

    hours: OpenHours
    now: datetime
    expires_on: datetime | None

    def never(self, numbers: Iterable[Alike]) -> tuple[Never, ...]:
        """Those that no moment suits, the most frequent reason first."""
        local = self.hours.recipient
        if local is None:
            return ()
        found: Counter[str] = Counter()
        why = cache(lambda zones: self._why(zones, local))
        for prefix, length, n in numbers:
            if reason := why(recipient_zones(prefix.ljust(length, "0"))):
                found[reason] += n
        return tuple(Never(n, reason) for reason, n in found.most_common())

    def _why(self, zones: tuple[str, ...], local: Hours) -> str | None:
        if not zones:
            return NO_ZONE
        if common_opening(zones, local, self.now) is None:
            return APART
        moment = first_moment(self.hours.window, zones, local, self.now)
        if moment is None:
            return OUTSIDE
        return TOO_LATE if self.expires_on is not None and moment >= self.expires_on else None


def first_moment(
    window: Window, zones: tuple[str, ...], local: Hours, now: datetime
) -> datetime | None:
    """Return when an attempt may begin for the first time; None where no such moment is in sight."""
    at: datetime | None = now
    for _ in range(LOOKS):
        opens = None if at is None else opens_at(window, at)
        at = None if opens is None else common_opening(zones, local, opens)
        if opens is None or at is None:
            return None
        if at == opens:
            end = _closing(window, zones, local, at)
            if end is None or end - at > MARGIN:
                return at
            at = end
    return None


def _closing(window: Window, zones: tuple[str, ...], local: Hours, at: datetime) -> datetime | None:
    ends = (closes_at(window, at), common_closing(zones, local, at))
    return min((end for end in ends if end is not None), default=None)
