"""Durations of each kind of waiting."""

from dataclasses import dataclass
from datetime import timedelta

from worker.domain.statuses import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Durations of each kind of waiting before somebody looks or judges."""

    throttle_pause: timedelta
    refused_pause: timedelta
    arrival: timedelta
    """From begin until what was written has arrived, or never does."""
    first_doubt_lookup: timedelta
    """From an unknown answer to the first question about it."""
    lookup_interval: timedelta
    empty_lookups: int
    give_up: dict[Channel, timedelta]
    """Age at which a doubt is closed by policy."""
    first_lookup: dict[Channel, timedelta]
    """From acceptance to the first question by sid (calls, messages), or to silence (mail)."""
    answered_by_wait: timedelta
    """From a call's end to the question who answered it, where the campaign minds machines."""
    silence: dict[Channel, timedelta]
    """Age at which an accepted attempt without a final word is closed by inference."""
    unanswered: dict[Channel, timedelta]
    """Age at which it is closed although the provider can't be asked."""
    unknown_run: int = 20
    """How many of one sender in a row may fail with the same code that leaves open whom it means."""
    source_rejections: int = 20
    """How many of a source's last attempts carriers may reject before it rests."""
