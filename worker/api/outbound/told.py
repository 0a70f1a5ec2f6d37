"""Models of the public API's answers. For the documents alone: answers are written from our own nouns."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from worker.api.outbound.said import DayName

Status = Literal["PENDING", "ACTIVE", "PAUSED", "FAILED", "CANCELED", "EXPIRED"]
RequestState = Literal[
    "PENDING", "DUPLICATE", "INITIATED", "CONNECTED", "FAILED", "CANCELED", "INVALID", "COMPLETED",
    "SKIPPED",
]  # fmt: skip


class OutboundCampaign(BaseModel):
    """A campaign as it is stored."""

    id: int
    campaign_name: str
    campaign_variables: Annotated[dict[str, str], Field(description="with the words among them")]
    caller_id: str | None
    active_days: list[DayName]
    last_updated_by: Annotated[str, Field(description="the owner of the key")]
    timezone: str
    daily_start_time: str
    daily_end_time: str
    description: str | None = None
    mode: str | None = None
    source: str | None = None
    hourly_rate: Annotated[int | None, Field(description="null: no limit")] = None
    max_daily_calls: int | None = None
    retry_count: int | None = None
    retry_interval: str | None = None
    labels: list[str] | None = None
    label: Annotated[str | None, Field(deprecated=True)] = None
    allowed_line_types: list[str] | None = None
    include_unknown_line_types: bool | None = None
    outreach_override_rules: dict[str, Any] | None = None
    rate: Annotated[int | None, Field(deprecated=True)] = None
    pause_seconds: Annotated[int | None, Field(deprecated=True)] = None
    voicemail_detection: Annotated[None, Field(description="always null")] = None
    target_filters: Annotated[None, Field(description="always null")] = None
    sms_session_ttl: Annotated[None, Field(description="always null")] = None
    webhooks: Annotated[None, Field(description="always null")] = None
    agent_id: Annotated[None, Field(description="always null")] = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class CommunicationBatch(BaseModel):
    """A batch as it is stored. Older generations read IDLE for FAILED."""

    batch_id: str
    campaign_id: int
    last_updated_by: str
    starts_at: Annotated[datetime | None, Field(description="nothing begins before")] = None
    expires_on: datetime | None = None
    paused: bool | None = None
    call_rate: int | None = None
    auto_call_rate: bool | None = None
    auto_call_rate_baseline: float | None = None
    status: Status | None = None
    upload_filename: str | None = None
    dispatch_id: Annotated[None, Field(description="always null")] = None
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_reason: str | None = None
    last_updated_at: datetime | None = None
    error_message: Annotated[str | None, Field(description="why it is FAILED")] = None
    finished_at: Annotated[datetime | None, Field(description="each request is final")] = None
    archived_at: datetime | None = None
    count: Annotated[int | None, Field(deprecated=True, description="requests")] = None
    last_worked_on: Annotated[datetime | None, Field(deprecated=True)] = None


class StatusBreakdown(BaseModel):
    """Requests at one status, and of which outcome they are."""

    total_count: int
    counts: dict[str, int] | None = None


class FileTold(BaseModel):
    """The result of a file. It waits while `finished_at` is null."""

    filename: str
    received_at: datetime
    received_by: str
    finished_at: datetime | None
    fault: Annotated[str | None, Field(description="why nothing of it was stored")]
    outcome: Annotated[
        dict[str, Any] | None, Field(description="counts of its rows, and the first refused ones")
    ]


class PublicBatchDetails(CommunicationBatch):
    """A batch with how many requests stand where, under our own names for every generation."""

    status_counts: dict[str, int] | None = None
    detailed_status_counts: dict[str, StatusBreakdown] | None = None
    uploads: Annotated[
        list[FileTold], Field(description="the latest files; an older client does not see them")
    ] = []


class CommunicationRequestResult(BaseModel):
    """The result of a request. Older generations read other names of `request_status`."""

    batch_id: str
    reference_id: str
    target: str
    request_variables: dict[str, str]
    request_status: RequestState | None = None
    channel_manager_status: str | None = None
    channel_manager_sid: str | None = None
    call_manager_sid: Annotated[str | None, Field(deprecated=True)] = None
    error_code: str | None = None
    error_message: str | None = None
    created_at: datetime | None = None
    sent_at: datetime | None = None
    attempt_count: int = 0
    session_id: int | None = None
    conversation_id: int | None = None
    insights_status: Annotated[None, Field(description="always null")] = None
    insights: Annotated[None, Field(description="always null")] = None
    line_type: Annotated[None, Field(description="always null: never asked")] = None
    enrichment: Annotated[None, Field(description="always null")] = None


class _Listed(BaseModel):
    page: int
    page_size: int
    total_pages: int | None = None
    total_count: int | None = None


class ListOfBatches(_Listed):
    """A page of batches. The first generation reads the bare array of items."""

    items: list[CommunicationBatch]


class ListOfCampaigns(_Listed):
    """A page of campaigns. The first generation reads the bare array of items."""

    items: list[OutboundCampaign]
