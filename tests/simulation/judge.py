"""How well the asked rate was met, and whether an auto-paced batch was late without saying so."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from math import inf
from zoneinfo import ZoneInfo

from tests.simulation.campaigns import Case
from tests.simulation.week import Played
from worker.domain.schedule.pace import BAND, baseline
from worker.domain.schedule.windows import open_seconds

LOST = 30.0
"""Seconds of a day that no rate can use: shortly before each closing nothing begins."""


def rate_error(case: Case, played: Played) -> float | None:
    """How far the achieved hourly rate is from the asked one, over the open time with enough work.

    None where a cap or the recipients' hours hold the batch back, or too little happened to measure.
    """
    if case.rate is None or case.max_daily_calls is not None or case.hours.recipient is not None:
        return None
    if len(played.attempts) < 200:
        return None
    first, last = min(played.attempts), max(played.attempts)
    seconds = open_seconds(case.hours.window, first, last)
    achieved = (len(played.attempts) - 1) * 3600 / seconds
    return abs(achieved - case.rate) / case.rate


def wrongly_late(case: Case, played: Played) -> int:
    """1 where an auto-paced batch missed its expiry although its band and its cap allowed to meet it."""
    if case.rate is not None or case.expires_on is None or not played.left:
        return 0
    if case.added or case.max_daily_calls is not None:
        return int(_could_be_done(case, played))
    return int(open_seconds(case.hours.window, case.begins, case.expires_on) > 0)


def _could_be_done(case: Case, played: Played) -> bool:
    """Whether the rest fits into the days after the last change, at the fastest rate of the band."""
    assert case.expires_on is not None
    changed = max((at for at, _ in case.added), default=case.begins)
    seconds = open_seconds(case.hours.window, case.begins, case.expires_on)
    fastest = baseline(case.requests, seconds) * (1 + BAND) / 3600
    zone = ZoneInfo(case.hours.window.zone)
    before = Counter(at.astimezone(zone).date() for at in played.attempts if at < changed)
    room, at = 0.0, changed
    while at < case.expires_on:
        day = at.astimezone(zone).date()
        night = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)
        until = min(night, case.expires_on)
        most = fastest * max(0.0, open_seconds(case.hours.window, at, until) - LOST)
        left = inf if case.max_daily_calls is None else case.max_daily_calls - before[day]
        room += min(most, max(0, left))
        at = until
    work = case.requests + sum(n for _, n in case.added) - sum(before.values())
    # What is not a whole attempt of a day is none.
    return work < room - 2


def misled(case: Case, played: Played) -> int:
    """1 where an operator was not told early that an auto-paced batch ends too late, or told for nothing.

    Early is before half of the time from the last change to the expiry; retries nobody can foretell.
    """
    if case.rate is not None or case.expires_on is None or case.retry_share:
        return 0
    changed = max((at for at, _ in case.added), default=case.begins)
    half = changed + (case.expires_on - changed) / 2
    told = [missed for at, missed in played.foretold if changed <= at <= half]
    silent = played.left > 0 and not any(told)
    # Parts of an attempt are rounded hour by hour: one, or one in a hundred, may find a place after all.
    for_nothing = played.left == 0 and min(told) > 1 + case.requests / 100
    return int(silent or for_nothing)
