"""Requests: one from close by, searched, results, added, replaced, removed, retried, previewed."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Annotated, Literal, TextIO

from fastapi import APIRouter, Depends, File, Query, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from worker.api.answers import csv_in, json_of
from worker.api.callers import Operating, Reading
from worker.api.documents import answered_with, refused_with, written_as
from worker.api.once import OnceRoute
from worker.api.outreach.asking import BatchSeen, Limit, Named, Person, Reference
from worker.api.outreach.told_requests import (
    PreviewTold,
    Removed,
    RequestShown,
    ResultPage,
    RetriedTold,
    Rows,
    UploadedTold,
)
from worker.api.use import Used
from worker.desk.additions import add_requests
from worker.desk.preview import preview
from worker.desk.request_actions import remove_requests
from worker.desk.request_details import search_requests, show_details
from worker.desk.results import ResultFilter, find_results, write_results
from worker.desk.retries import retry_requests
from worker.desk.uploads import upload_requests
from worker.desk.waiting_uploads import LARGEST_FILE
from worker.domain.contract.messages import MOST_REQUESTS, References
from worker.domain.contract.new_requests import NewRequest
from worker.domain.contract.request_details import Found
from worker.domain.fields import Text, WireModel
from worker.domain.statuses import ChannelStatus, RequestStatus

router = APIRouter(tags=["requests"], route_class=OnceRoute)

KINDS = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


class Searched(WireModel):
    """A search by reference or by target: one of both. A target stands in a body, never in an address."""

    target: Person | None = None
    reference_id: Named | None = None


class Added(WireModel):
    """Requests to add; `replace` lets them correct those nobody was tried for."""

    replace: bool = False
    requests: Annotated[
        list[NewRequest],
        Field(
            min_length=1,
            max_length=MOST_REQUESTS,
            examples=[[{"reference_id": "patient-17", "target": "+15125550100"}]],
        ),
    ]


class NamedRequests(WireModel):
    """Requests of a batch."""

    reference_ids: Annotated[References, Field(examples=[["patient-17"]])]


class RetryOf(WireModel):
    """Requests that FAILED; without names, all of them."""

    reference_ids: Annotated[References, Field(examples=[["patient-17"]])] | None = None
    including_doubt: bool = False


async def _wanted(
    reference_id: Annotated[Text | None, Query()] = None,
    status: RequestStatus | None = None,
    channel_manager_status: ChannelStatus | None = None,
    sent_since: AwareDatetime | None = None,
    sent_before: AwareDatetime | None = None,
) -> ResultFilter:
    statuses = None if status is None else [status.value]
    return ResultFilter(statuses, reference_id, channel_manager_status, sent_since, sent_before)


Wanted = Annotated[ResultFilter, Depends(_wanted)]
After = Annotated[Text, Query(description="the `next` of the page before")]


@router.post("/search", responses=answered_with(list[Found], 413, 415, 422))
def search(runtime: Used, caller: Reading, searched: Searched) -> Response:
    """Requests of all batches for a target, or with a reference, the latest first."""
    found = search_requests(
        runtime.engine,
        target=searched.target,
        reference_id=searched.reference_id,
        campaign=caller.campaign,
    )
    return json_of([one.to_wire() for one in found])


@router.get("/batches/{batch_id}/request", responses=answered_with(RequestShown, 404, 422))
def show(runtime: Used, _: Reading, batch_id: BatchSeen, reference_id: Reference) -> Response:
    """One request with its history, its attempts, and every gate that holds it now."""
    seen = show_details(runtime.engine, batch_id, reference_id, ceilings=runtime.ceilings)
    return json_of(seen.to_wire())


@router.get("/batches/{batch_id}/preview", responses=answered_with(PreviewTold, 404, 422))
def preview_one(
    runtime: Used, _: Reading, batch_id: BatchSeen, reference_id: Reference
) -> Response:
    """Preview what the person behind a request will be told; nothing is sent."""
    return json_of(preview(runtime.engine, batch_id, reference_id).to_wire())


@router.get("/batches/{batch_id}/results", responses=answered_with(ResultPage, 404, 422))
def page(
    runtime: Used,
    _: Reading,
    batch_id: BatchSeen,
    wanted: Wanted,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """A page of results by reference_id; `next` is the `after` of the next page, null behind the last."""
    found = find_results(runtime.engine, batch_id, wanted, after=after, limit=limit)
    more = found[-1].reference_id if len(found) == limit else None
    return json_of({"items": [one.to_wire() for one in found], "next": more})


@router.get(
    "/batches/{batch_id}/results/{kind}",
    response_class=StreamingResponse,
    responses=refused_with(404, 422) | written_as(*KINDS.values()),
)
def stream(
    runtime: Used, _: Reading, batch_id: BatchSeen, wanted: Wanted, kind: Literal["jsonl", "csv"]
) -> Response:
    """Every result, as a line of JSON or of CSV, written as they are read."""
    lines = write_results(runtime.engine, batch_id, wanted, kind)
    return StreamingResponse(lines, media_type=KINDS[kind])


@router.post("/batches/{batch_id}/requests", responses=answered_with(Rows, 404, 409, 413, 415, 422))
def add(runtime: Used, caller: Operating, batch_id: BatchSeen, added: Added) -> Response:
    """Add requests, all or none; or correct those that nobody was tried for."""
    new, replace = added.requests, added.replace
    changed = add_requests(runtime.engine, batch_id, new, by=caller.owner, replace=replace)
    return json_of({"changed": changed})


def _bad_rows(
    report: Annotated[
        Literal["csv"] | None,
        Query(description="answer with every bad row instead, as CSV: line, column, reason"),
    ] = None,
) -> Iterator[TextIO | None]:
    """A file for the bad rows, which lasts until it has gone out; None where nobody asks for them."""
    if report is None:
        yield None
        return
    with TemporaryFile("w+", encoding="utf-8", newline="") as file:
        yield file


BadRowsFile = Annotated[TextIO | None, Depends(_bad_rows)]


@router.post(
    "/batches/{batch_id}/upload",
    responses=answered_with(UploadedTold, 404, 409, 413, 415, 422, also=("text/csv",)),
    max_body_size=LARGEST_FILE,
)
def upload(
    runtime: Used,
    caller: Operating,
    batch_id: BatchSeen,
    file: Annotated[UploadFile, File(description="CSV: reference_id, target, then variables")],
    bad: BadRowsFile,
    replace: bool = False,
) -> Response:
    """Add a file's rows and answer when they are stored, with how many were refused and why."""
    engine, name = runtime.patient_engine, file.filename or "upload.csv"
    by = caller.owner
    stored = upload_requests(
        engine, batch_id, file=file.file, filename=name, by=by, report=bad, replace=replace
    )
    return json_of(stored.to_wire()) if bad is None else csv_in(bad)


@router.post("/batches/{batch_id}/remove", responses=answered_with(Removed, 404, 413, 415, 422))
def remove(runtime: Used, caller: Operating, batch_id: BatchSeen, named: NamedRequests) -> Response:
    """Take requests back that still wait; what is under way lives on."""
    gone = remove_requests(runtime.engine, batch_id, named.reference_ids, by=caller.owner)
    return json_of({"removed": gone})


@router.post(
    "/batches/{batch_id}/retry", responses=answered_with(RetriedTold, 404, 409, 413, 415, 422)
)
def retry(runtime: Used, caller: Operating, batch_id: BatchSeen, of: RetryOf) -> Response:
    """Give requests that FAILED one more attempt each; whom one may have reached is passed over."""
    named, doubt = of.reference_ids, of.including_doubt
    done = retry_requests(runtime.engine, batch_id, named, by=caller.owner, including_doubt=doubt)
    return json_of({"queued": done.queued, "passed_over": done.passed_over})
