"""The audit: who did what, when, through which door and why."""

from fastapi import APIRouter, Response
from pydantic import AwareDatetime

from worker.api.answers import json_of
from worker.api.callers import Reading
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import Limit, ReadingAll
from worker.api.outreach.told import AuditEntryTold, FindingsTold
from worker.api.use import Used
from worker.desk.audit import AuditAsked, list_audit_seen
from worker.desk.seals import verify_audit
from worker.domain.contract.batches import BatchId
from worker.domain.fields import Text

router = APIRouter(prefix="/audit", tags=["audit"], route_class=OnceRoute)


@router.get("", responses=answered_with(list[AuditEntryTold], 404, 422))
def list_some(
    runtime: Used,
    caller: Reading,
    batch: BatchId | None = None,
    campaign: Text | None = None,
    by: Text | None = None,
    since: AwareDatetime | None = None,
    limit: Limit = 50,
) -> Response:
    """List deeds, the latest first. A key of one campaign sees what was done to that and its batches."""
    asked = AuditAsked(batch=batch, campaign=campaign, by=by, since=since, limit=limit)
    found = list_audit_seen(runtime.engine, caller.campaign, asked)
    return json_of([one.to_wire() for one in found])


@router.get("/verify", responses=answered_with(FindingsTold, 404))
def verify(runtime: Used, _: ReadingAll) -> Response:
    """Return whether an entry was altered or removed, and how many are not sealed yet."""
    return json_of(verify_audit(runtime.patient_engine).to_wire())
