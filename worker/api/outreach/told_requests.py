"""Models of this API's answers about requests, people and what could not be read: for the documents alone."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from worker.api.outreach.told import TextCostsTold
from worker.domain.contract.request_details import AttemptEntry
from worker.domain.contract.results import HistoryEntry, RequestResult
from worker.domain.statuses import AttemptState, Channel, RequestStatus, SuppressReason


class RequestShown(BaseModel):
    """One request from close by."""

    batch_id: str
    reference_id: str
    target: str
    request_variables: dict[str, str]
    request_status: RequestStatus
    channel_manager_status: str
    error_code: str | None
    error_message: str | None
    call_manager_sid: str | None
    created_at: datetime
    sent_at: datetime | None
    attempt_count: int
    session_id: int | None
    conversation_id: int | None
    due_at: Annotated[datetime | None, Field(description="while it waits")]
    history: list[HistoryEntry]
    attempts: list[AttemptEntry]
    held_by: Annotated[list[str], Field(description="every gate that holds it now")]


class ResultPage(BaseModel):
    """A page of results by reference_id."""

    items: list[RequestResult]
    next: Annotated[str | None, Field(description="`after` of the next page; null: the last")]


class PreviewTold(BaseModel):
    """The words for one request by field, or why there are none."""

    reference_id: str
    target: str
    fields: dict[str, str]
    fault: str | None
    segments: Annotated[int | None, Field(description="of a text: how many it is charged as")]
    cost: str | None


class RowRefused(BaseModel):
    """A row that was not taken, and why; nothing that stands in it."""

    line: int
    reason: str


class UploadedTold(BaseModel):
    """Counts of a file's rows by what became of them."""

    stored: int
    pending: int
    duplicate: int
    invalid: int
    skipped: int
    known: int
    refused_count: int
    replaced: int
    refused: Annotated[list[RowRefused], Field(description="the first of them")]
    lacking: Annotated[list[str] | None, Field(description="variables that no row has")] = None
    segments: Annotated[TextCostsTold | None, Field(description="of a file of texts")] = None


class Rows(BaseModel):
    """Count the requests that are new, or otherwise than before."""

    changed: int


class Removed(BaseModel):
    """How many were taken back."""

    removed: int


class RetriedTold(BaseModel):
    """Count those that are due again, and those that one may have reached."""

    queued: int
    passed_over: int


class ContactTried(BaseModel):
    """The request that was made to try a campaign out."""

    batch_id: str
    reference_id: str


class DoubtTold(BaseModel):
    """An attempt whose outcome is unknown."""

    attempt: int
    batch_id: str
    reference_id: str
    channel: Channel
    state: AttemptState
    doubted_at: datetime | None
    checks: int
    check_at: datetime | None
    error_code: str | None
    next_step: str


class AttemptDecided(BaseModel):
    """The attempt that was decided about."""

    attempt: int


class Suppressed(BaseModel):
    """Whether an address is suppressed."""

    suppressed: bool


class SuppressionTold(BaseModel):
    """An act that keeps somebody from being contacted, while nobody has lifted it."""

    id: int
    modes: list[Channel]
    address: str
    suppressed_at: datetime
    suppress_reason: SuppressReason
    source: str
    act: str
    by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_why: str | None


class Lifted(BaseModel):
    """The suppression that was lifted."""

    lifted: int


class EditionTold(BaseModel):
    """What became of a list: lines that name somebody, new people, and who was let go."""

    named: int
    new: int
    faulty: int
    faults: list[RowRefused]
    lifted: int | None
    not_lifted: Annotated[str | None, Field(description="why nobody was")]


class LetterTold(BaseModel):
    """A dead letter without what it holds."""

    id: int
    kind: str
    task: str | None
    message_id: str | None
    reason: str
    received_at: datetime
    settled_at: datetime | None
    settled_how: str | None


class LetterShown(LetterTold):
    """A dead letter, whole."""

    payload: Annotated[str, Field(description="it may name people")]


class LetterReplayed(BaseModel):
    """Whether it was taken in for the first time."""

    fresh: bool


class LetterDiscarded(BaseModel):
    """The letter that was let go."""

    discarded: int


MessageSchema = dict[str, Any]
