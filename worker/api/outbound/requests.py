"""Requests of a batch: upload, add, remove, results."""

from typing import Annotated

from fastapi import APIRouter, Body, File, Query, Response, UploadFile
from fastapi.responses import StreamingResponse

from worker.api.answers import json_of
from worker.api.bodies import StrictRoute
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with
from worker.api.outbound.asking import BatchPath, Speaking
from worker.api.outbound.said import CommunicationRequest, given
from worker.api.outbound.told import CommunicationRequestResult
from worker.api.use import OurClerk, Used
from worker.desk.outbound.batches import add_public_request, remove_public_requests
from worker.desk.outbound.results import ResultsAsked, stream_results
from worker.desk.outbound.uploads import take_file
from worker.desk.waiting_uploads import LARGEST_FILE
from worker.domain.contract.new_requests import ReferenceId
from worker.domain.fields import Text

router = APIRouter(route_class=StrictRoute, prefix="/batches/{batch_id}", tags=["requests"])
MOST_REMOVED = 100_000
References = Annotated[list[ReferenceId], Body(max_length=MOST_REMOVED, examples=[["patient-17"]])]
Filter = Annotated[Text | None, Query(max_length=256)]


@router.post(
    "/upload_batch",
    max_body_size=LARGEST_FILE + 4_096,
    responses=answered_with(None, 400, 404, 409, 413, 415, 422),
)
def upload(
    runtime: Used,
    clerk: OurClerk,
    caller: Operating,
    batch_id: BatchPath,
    file: Annotated[UploadFile, File(description="CSV: reference_id, target, then variables")],
) -> Response:
    """Take a file in, durably. What becomes of its rows is told by the batch."""
    take_file(runtime.patient_engine, batch_id, file.file, file.filename or "", caller)
    clerk.ring()
    return json_of(None)


@router.post("/requests", responses=answered_with(None, 404, 409, 413, 415, 422))
def add(
    runtime: Used, caller: Operating, batch_id: BatchPath, request: CommunicationRequest
) -> Response:
    """Add one request. The same again changes nothing; another under its reference is a conflict."""
    add_public_request(runtime.engine, batch_id, given(request), caller)
    return json_of(None)


@router.post("/remove-requests", responses=answered_with(None, 404, 413, 415, 422))
def remove(
    runtime: Used, caller: Operating, batch_id: BatchPath, reference_ids: References
) -> Response:
    """Take requests back that nobody was contacted for; what is gone already is gone."""
    remove_public_requests(runtime.engine, batch_id, reference_ids, caller)
    return json_of(None)


@router.get("/results", responses=answered_with(list[CommunicationRequestResult], 404, 422))
def results(
    runtime: Used,
    caller: Reading,
    speaks: Speaking,
    batch_id: BatchPath,
    reference_id: Filter = None,
    status: Annotated[Text | None, Query(description="ours, or the generation's own")] = None,
    insights_status: Filter = None,
) -> Response:
    """Every request with what became of it, by reference_id, written as they are read."""
    asked = ResultsAsked(reference_id, status, insights_status)
    stream = stream_results(runtime.engine, batch_id, asked, speaks, caller)
    return StreamingResponse(stream, media_type="application/json")
