"""How well the asked rate was met, and whether an auto-paced batch was late without saying so."""

from tests.simulation.campaigns import Case
from tests.simulation.week import Played
from worker.domain.pace import Rates
from worker.domain.plan import plan
from worker.domain.turns import Standing
from worker.domain.windows import open_seconds


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
    """1 where an auto-paced batch missed its expiry although it could have met it, or kept silent."""
    if case.rate is not None or case.expires_on is None or played.done_at is not None:
        return 0
    standing = Standing(
        batch=1,
        campaign=1,
        hours=case.hours,
        rates=Rates(auto_call_rate=True),
        expires_on=case.expires_on,
        remaining=case.requests,
    )
    said_so = plan(standing, case.requests, case.begins).finishes_at is None
    possible = open_seconds(case.hours.window, case.begins, case.expires_on) > 0
    return int(possible or not said_so)
