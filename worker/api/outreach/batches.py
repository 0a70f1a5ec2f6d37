"""Batches: list, create, show, change, pause, resume, delete, plan."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from worker.api.answers import json_of, version_in
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.once import OnceRoute
from worker.api.outreach.asking import BatchFieldsGiven, BatchSeen, Because, Limit, Versions
from worker.api.outreach.told import BatchesTold, BatchShown, BatchTold, PlanTold
from worker.api.use import Used
from worker.desk.batch_lists import list_batches
from worker.desk.batches import (
    delete_batch,
    pause_batch,
    resume_batch,
    show_batch,
    update_batch,
)
from worker.desk.plan import outlook
from worker.desk.text_costs import count_batch
from worker.desk.visibility import create_batch_of
from worker.dispatch.drain import hold_back
from worker.domain.contract.batch_queries import BatchQuery
from worker.domain.contract.batches import BatchId
from worker.domain.fields import LARGEST_ID, Text, WireModel
from worker.domain.statuses import BatchStatus

router = APIRouter(prefix="/batches", tags=["batches"], route_class=OnceRoute)

Wait = Annotated[bool, Query(description="answer when nothing of it can reach a provider")]
Planned = Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="as if so many waited")]


class Why(WireModel):
    """A reason, for the audit."""

    reason: Because | None = None


class WhyDeleted(WireModel):
    """The reason, kept with the batch."""

    reason: Because


async def _query(
    caller: Reading,
    campaign: Text | None = None,
    status: BatchStatus | None = None,
    finished: bool | None = None,
    matching: Text | None = None,
    since: AwareDatetime | None = None,
    before: BatchId | None = None,
    limit: Limit = 50,
) -> BatchQuery:
    return BatchQuery(
        campaign=str(caller.campaign) if caller.campaign else campaign,
        status=status,
        finished=finished,
        matching=matching,
        since=since,
        before=before,
        limit=limit,
    )


@router.get("", responses=answered_with(BatchesTold, 404, 422))
def list_some(runtime: Used, query: Annotated[BatchQuery, Depends(_query)]) -> Response:
    """The latest batches, newest first; `next` is the `before` of the next page."""
    return json_of(list_batches(runtime.engine, query).to_wire())


@router.post("", responses=answered_with(BatchTold, 404, 409, 413, 415, 422))
def create(runtime: Used, caller: Operating, fields: BatchFieldsGiven) -> Response:
    """Create an empty batch; creating it again with equal fields changes nothing."""
    made = create_batch_of(runtime.engine, fields, by=caller.owner, campaign=caller.campaign)
    return json_of(made.to_wire())


@router.get("/{batch_id}", responses=answered_with(BatchShown, 404, 422))
def show(runtime: Used, _: Reading, batch_id: BatchSeen) -> Response:
    """A batch with its status and counts, why it is not moving, and when it will have finished."""
    seen = outlook(runtime.engine, batch_id, ceilings=runtime.ceilings)
    details = show_batch(runtime.engine, batch_id)
    return version_in(details.to_wire() | seen.to_wire(), details.facts.last_updated_at)


@router.patch("/{batch_id}", responses=answered_with(BatchTold, 404, 409, 412, 413, 415, 422))
def update(
    runtime: Used, caller: Operating, batch_id: BatchSeen, fields: BatchFieldsGiven, seen: Versions
) -> Response:
    """Change the named fields; the others stay."""
    after = update_batch(runtime.engine, batch_id, fields, by=caller.owner, seen=seen)
    return version_in(after.to_wire(), after.facts.last_updated_at)


@router.post("/{batch_id}/pause", responses=answered_with(BatchTold, 404, 409, 413, 415, 422))
def pause(
    runtime: Used, caller: Operating, batch_id: BatchSeen, why: Why, wait: Wait = False
) -> Response:
    """Hold a batch: once this is answered none of its attempts begins."""
    held = pause_batch(runtime.engine, batch_id, by=caller.owner, why=why.reason)
    if wait:
        hold_back(
            runtime.engine, runtime.memories, runtime.provider_loop, runtime.timeouts, batch_id
        )
    return json_of(held.to_wire())


@router.post("/{batch_id}/resume", responses=answered_with(BatchTold, 404, 409, 413, 415, 422))
def resume(runtime: Used, caller: Operating, batch_id: BatchSeen, why: Why) -> Response:
    """Let a batch go on."""
    after = resume_batch(runtime.engine, batch_id, by=caller.owner, why=why.reason)
    return json_of(after.to_wire())


@router.post("/{batch_id}/delete", responses=answered_with(BatchTold, 404, 409, 413, 415, 422))
def delete(runtime: Used, caller: Operating, batch_id: BatchSeen, why: WhyDeleted) -> Response:
    """Delete a batch: what has not begun never will, what is under way lives on."""
    after = delete_batch(runtime.engine, batch_id, reason=why.reason, by=caller.owner)
    return json_of(after.to_wire())


@router.get("/{batch_id}/plan", responses=answered_with(PlanTold, 404, 422))
def plan(runtime: Used, _: Reading, batch_id: BatchSeen, requests: Planned = None) -> Response:
    """The attempts it will make, hour by hour, and why it is not moving now."""
    seen = outlook(runtime.engine, batch_id, requests=requests, ceilings=runtime.ceilings)
    costs = count_batch(runtime.engine, batch_id)
    told = {"segments": costs.to_wire()} if costs else {}
    return json_of(seen.to_wire() | {"hours": seen.hours_to_wire()} | told)
