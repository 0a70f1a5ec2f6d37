"""Halts: in force, made, lifted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from worker.api.answers import json_of
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import Because, Limit
from worker.api.outreach.told import AuditEntryTold, Changed, HaltTold
from worker.api.use import Used
from worker.desk.steering import halt_by, halts_before, halts_seen, resume_by
from worker.domain.fields import Text, WireModel

router = APIRouter(prefix="/halts", tags=["halts"], route_class=OnceRoute)


class HaltOf(WireModel):
    """Everything, a channel (`sms`; of one account, `sms@north`), a campaign by its id, or a source of pools.

    The last by its account, like `sms@main:+15125550100`.
    """

    scope: Literal["all", "channel", "campaign", "source"]
    key: Annotated[Text, Field(max_length=300)] = ""
    reason: Because | None = None


@router.get("", responses=answered_with(list[HaltTold]))
def list_in_force(runtime: Used, caller: Reading) -> Response:
    """Every halt in force that the key sees, the oldest first."""
    return json_of([one.to_wire() for one in halts_seen(runtime.engine, caller)])


@router.get("/history", responses=answered_with(list[AuditEntryTold], 422))
def list_history(runtime: Used, caller: Reading, limit: Limit = 50) -> Response:
    """Every halt and its lifting, with who and why, the latest first; none of it is ever deleted."""
    found = halts_before(runtime.engine, caller, limit=limit)
    return json_of([one.to_wire() for one in found])


@router.post("", responses=answered_with(Changed, 404, 413, 415, 422))
def halt(runtime: Used, caller: Operating, what: HaltOf) -> Response:
    """Let nothing begin any more in a scope, until it is resumed."""
    fresh = halt_by(runtime.engine, caller, what.scope, what.key, what.reason)
    return json_of({"changed": fresh})


@router.post("/resume", responses=answered_with(Changed, 404, 409, 413, 415, 422))
def resume(runtime: Used, caller: Operating, what: HaltOf) -> Response:
    """Let a halted scope send again."""
    lifted = resume_by(runtime.engine, caller, what.scope, what.key, what.reason)
    return json_of({"changed": lifted})
