"""Attempts in doubt, and the two decisions about one."""

from fastapi import APIRouter, Response

from worker.api.answers import json_of
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import AttemptSeen, Limit
from worker.api.outreach.told_requests import AttemptDecided, DoubtTold
from worker.api.use import Used
from worker.desk.decide import allow_retry, count_as_sent
from worker.desk.doubts import doubts_open

router = APIRouter(prefix="/attempts", tags=["attempts"], route_class=OnceRoute)


@router.get("/in-doubt", responses=answered_with(list[DoubtTold], 422))
def in_doubt(runtime: Used, caller: Reading, limit: Limit = 100) -> Response:
    """Attempts whose outcome is unknown, the oldest first, and what happens next."""
    found = doubts_open(runtime.engine, runtime.timeouts, limit, campaign=caller.campaign)
    return json_of([one.to_wire() for one in found])


@router.post("/{attempt}/count-as-sent", responses=answered_with(AttemptDecided, 404, 409, 422))
def count(runtime: Used, caller: Operating, attempt: AttemptSeen) -> Response:
    """Take it that the recipient was reached: the request is COMPLETED."""
    count_as_sent(runtime.engine, attempt, by=caller.owner)
    return json_of({"attempt": attempt})


@router.post("/{attempt}/allow-retry", responses=answered_with(AttemptDecided, 404, 409, 422))
def retry(runtime: Used, caller: Operating, attempt: AttemptSeen) -> Response:
    """Accept that the recipient may be contacted twice: the request is due again."""
    allow_retry(runtime.engine, attempt, by=caller.owner)
    return json_of({"attempt": attempt})
