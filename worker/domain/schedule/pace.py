"""The pace of a batch: an allowance that accrues with time, so that work flows instead of bursting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from worker.domain.schedule.windows import Window, open_seconds

BAND = 0.2
"""How far an automatic rate may leave its baseline."""
USABLE = 0.9
"""Part of the valid time left that an automatic rate plans with; the rest is for retries."""
SPARE = 3
"""Attempts an automatic rate plans beyond what is left, so that a last retry still finds a place."""
CATCH_UP = timedelta(seconds=10)
"""How much missed time is made up for: a scheduler that stood still causes no burst."""
HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates of a batch, in attempts per hour."""

    hourly_rate: int | None = None
    call_rate: int | None = None
    auto_call_rate: bool = False
    baseline: int | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """A batch's allowance: `level` requests at the instant `at`. None: never claimed before."""

    level: float = 1.0
    at: datetime | None = None


def baseline(remaining: int, seconds: float) -> int:
    """The hourly rate that does `remaining` in the valid seconds left. Nothing left: all at once."""
    return max(1, ceil(_wanted(remaining, seconds)))


def _wanted(remaining: int, seconds: float) -> float:
    return (remaining / USABLE + SPARE) * HOUR / max(seconds, 1.0)


def rate(rates: Rates, remaining: int, window: Window, now: datetime, ends: datetime) -> float:
    """The automatic rate of now: what is left over the valid hours left, near its baseline."""
    seconds = open_seconds(window, now, ends)
    if rates.baseline is None:
        return float(baseline(remaining, seconds))
    wanted = _wanted(remaining, seconds)
    return min(max(wanted, rates.baseline * (1 - BAND)), rates.baseline * (1 + BAND))


def fixed_rate(rates: Rates) -> int | None:
    """The rate that was asked for; None: as fast as the channel goes."""
    return rates.call_rate if rates.call_rate is not None else rates.hourly_rate


def accrue(allowance: Allowance, per_hour: float, now: datetime) -> Allowance:
    """The allowance as it has grown by now; never more than one and what CATCH_UP brings."""
    if allowance.at is None:
        return Allowance(1.0, now)
    grown = max(0.0, (now - allowance.at).total_seconds()) * per_hour / HOUR
    most = 1.0 + CATCH_UP.total_seconds() * per_hour / HOUR
    return Allowance(min(allowance.level + grown, most), now)


def whole(allowance: Allowance) -> int:
    """Return how many may be claimed now."""
    # A rounding error must not cost a tick.
    return int(allowance.level + 1e-6)


def take(allowance: Allowance, n: int) -> Allowance:
    """The allowance after `n` were claimed."""
    return Allowance(allowance.level - n, allowance.at)


def next_claim_at(allowance: Allowance, per_hour: float) -> datetime:
    """Return when one more may be claimed."""
    assert allowance.at is not None
    missing = max(0.0, 1.0 - allowance.level)
    return allowance.at + timedelta(seconds=missing * HOUR / per_hour)


def fair_shares(room: int, wants: Sequence[int]) -> list[int]:
    """Divide `room`: everybody gets the same, and what somebody does not want goes to the others.

    The first in the list are served first where there is less room than there are wants.
    """
    shares = [0] * len(wants)
    hungry = [index for index, want in enumerate(wants) if want > 0]
    while room > 0 and hungry:
        each = max(1, room // len(hungry))
        for index in hungry:
            given = min(each, wants[index] - shares[index], room)
            shares[index] += given
            room -= given
        hungry = [index for index in hungry if shares[index] < wants[index]]
    return shares


def divide_room(room: int, wants: Mapping[int, Mapping[int, int]]) -> dict[int, int]:
    """Divide `room` over campaigns, and each campaign's part over its batches.

    Args:
        room: how many requests there is room for.
        wants: by campaign and batch, how many could be claimed.

    Returns:
        how many to claim, by batch.
    """
    campaigns = list(wants)
    parts = fair_shares(room, [sum(wants[campaign].values()) for campaign in campaigns])
    shares: dict[int, int] = {}
    for campaign, part in zip(campaigns, parts, strict=True):
        batches = wants[campaign]
        given = fair_shares(part, list(batches.values()))
        shares |= dict(zip(batches, given, strict=True))
    return shares
