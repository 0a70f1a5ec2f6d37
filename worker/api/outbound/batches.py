"""Batches: list, create, get, update, delete."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import Field

from worker.api.answers import json_of
from worker.api.bodies import StrictRoute
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.outbound.asking import AskedBatches, BatchPath, Speaking
from worker.api.outbound.said import CommunicationBatchInput, CommunicationBatchUpdate, given
from worker.api.outbound.told import CommunicationBatch, ListOfBatches, PublicBatchDetails
from worker.api.use import Used
from worker.desk.outbound.batches import (
    create_public_batch,
    delete_public_batch,
    get_public_batch,
    update_public_batch,
)
from worker.desk.outbound.lists import list_public_batches
from worker.domain.contract.outbound.batches import show_batch
from worker.domain.fields import Text

router = APIRouter(route_class=StrictRoute, prefix="/batches", tags=["batches"])
Reason = Annotated[Text, Field(min_length=1, max_length=1_000)]


@router.get("", responses=answered_with(ListOfBatches, 422))
def list_batches(runtime: Used, caller: Reading, speaks: Speaking, asked: AskedBatches) -> Response:
    """The batches, the newest first unless ordered otherwise."""
    return json_of(list_public_batches(runtime.engine, asked, speaks, caller))


@router.post("", responses=answered_with(CommunicationBatch, 404, 409, 413, 415, 422))
def create_batch(
    runtime: Used, caller: Operating, speaks: Speaking, batch: CommunicationBatchInput
) -> Response:
    """Make an empty batch. The same again is the same batch; another under its id is a conflict."""
    made = create_public_batch(runtime.engine, given(batch), caller)
    return json_of(show_batch(made, speaks))


@router.get("/{batch_id}", responses=answered_with(PublicBatchDetails, 404, 422))
def get_batch(runtime: Used, caller: Reading, speaks: Speaking, batch_id: BatchPath) -> Response:
    """One batch, with how many of its requests stand where."""
    return json_of(get_public_batch(runtime.engine, batch_id, speaks, caller))


@router.put("/{batch_id}", responses=answered_with(CommunicationBatch, 404, 409, 413, 415, 422))
def update_batch(
    runtime: Used,
    caller: Operating,
    speaks: Speaking,
    batch_id: BatchPath,
    batch: CommunicationBatchUpdate,
) -> Response:
    """Change a batch. Once `paused: true` is answered, no attempt of it begins."""
    after = update_public_batch(runtime.engine, batch_id, given(batch), speaks, caller)
    return json_of(show_batch(after, speaks))


@router.delete("/{batch_id}", responses=answered_with(None, 400, 404, 409, 413, 415, 422))
def delete_batch(
    runtime: Used,
    caller: Operating,
    batch_id: BatchPath,
    delete_reason: Annotated[Reason | None, Form(description="why; required")] = None,
    first_name: Annotated[Reason | None, Form(alias="deleteReason", deprecated=True)] = None,
) -> Response:
    """Delete a batch: nothing of it begins any more. The first reason stays."""
    reason = delete_reason or first_name or ""
    delete_public_batch(runtime.engine, batch_id, reason=reason, caller=caller)
    return json_of(None)
