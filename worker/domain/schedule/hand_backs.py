"""Reasons for which a claimed request begins no attempt."""

from enum import StrEnum
from typing import Self


class HandBack(StrEnum):
    """A reason to hand a claimed request back. Each counts requests, under this name in the log."""

    DELETED = "deleted"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    PAUSED = "paused"
    HALTED = "halted"
    SUPPRESSED = "suppressed"
    FREQUENCY_CAP = "frequency_cap"
    RECIPIENT_BUSY = "recipient_busy"
    NO_SLOT = "no_slot"
    OTHER_ACCOUNT = "other_account"
    OTHER_SOURCE = "other_source"
    RENDER = "render"
    SOURCE_RESTS = "source_rests"
    DAY_IS_FULL = "day_is_full"

    TOO_LATE = "too_late"
    NO_PERMIT = "no_permit"
    LEASE_OVER = "lease_over"
    STOPPING = "stopping"
    STORE_UNAVAILABLE = "store_unavailable"
    BEGIN = "begin"
    UNKNOWN = "unknown"
    """A word of a newer release's database."""

    @property
    def returns_rate(self) -> bool:
        """True if the batch may claim as many others at once, in place of these.

        Not where the lease has to run out first, nor where whoever postponed them has returned it.
        """
        return self in _RETURNING

    @classmethod
    def _missing_(cls, value: object) -> Self:  # noqa: ARG003  its signature
        return cls("unknown")


_RETURNING = frozenset(
    {
        HandBack.DELETED,
        HandBack.EXPIRED,
        HandBack.NOT_STARTED,
        HandBack.PAUSED,
        HandBack.HALTED,
        HandBack.SUPPRESSED,
        HandBack.FREQUENCY_CAP,
        HandBack.RECIPIENT_BUSY,
        HandBack.NO_SLOT,
        HandBack.OTHER_ACCOUNT,
        HandBack.OTHER_SOURCE,
        HandBack.RENDER,
    }
)
