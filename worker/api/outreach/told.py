"""Models of this API's answers about campaigns, batches and what steers them: for the documents alone.

Answers are written from our own nouns; a test holds each that it sees against these.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from worker.api.outbound.told import StatusBreakdown
from worker.domain.audit import AuditDoor
from worker.domain.callers import Role
from worker.domain.statuses import BatchStatus, Channel, RequestStatus

ByName = dict[str, Any]
Clock = Annotated[str, Field(examples=["09:00:00"])]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CampaignTold(BaseModel):
    """A campaign, in all its fields."""

    id: int
    campaign_name: str
    description: str | None
    mode: Channel
    source: str
    pool: Annotated[list[ByName], Field(description="sources it takes turns with")]
    account: str
    accounts: Annotated[list[str], Field(description="in their order; empty: account alone")]
    account_sources: Annotated[dict[str, str], Field(description="what each is sent from")]
    caller_id: str | None
    campaign_variables: dict[str, str]
    daily_start_time: Clock
    daily_end_time: Clock
    active_days: list[Day]
    timezone: str
    holidays: list[Any]
    date_overrides: ByName
    weekday_hours: ByName
    recipient_hours: bool
    recipient_start_time: Clock
    recipient_end_time: Clock
    default_region: str
    allowed_regions: list[str]
    refused_line_types: list[str]
    allow_costly_numbers: bool
    hourly_rate: Annotated[int | None, Field(description="null: no limit")]
    max_daily_calls: int | None
    daily_caps: ByName
    frequency_cap: int | None
    frequency_days: int
    retry_count: int
    retry_interval: Annotated[str, Field(examples=["30m"])]
    retry_on: list[str]
    retry_delays: ByName
    voicemail_detection: ByName | None
    resend_in_doubt: bool
    labels: list[str]
    webhooks: list[ByName]
    twiml: str | None
    url: str | None
    body: str | None
    subject: str | None
    html: str | None
    text: str | None
    template_id: str | None
    created_at: datetime
    updated_at: datetime
    last_updated_by: str
    version: Annotated[int, Field(description="counts its edits")]


class BatchTold(BaseModel):
    """A batch with its status, and how many of its requests stand where."""

    batch_id: str
    campaign_id: int
    starts_at: datetime | None
    expires_on: datetime | None
    paused: bool
    call_rate: int | None
    auto_call_rate: bool
    auto_call_rate_baseline: int | None
    upload_filename: str | None
    error_message: Annotated[str | None, Field(description="why it is FAILED")]
    created_at: datetime
    finished_at: datetime | None
    archived_at: datetime | None
    deleted_at: datetime | None
    deleted_reason: str | None
    last_updated_at: datetime
    last_updated_by: str
    status: BatchStatus
    status_counts: dict[RequestStatus, int]
    detailed_status_counts: dict[RequestStatus, StatusBreakdown]


class BatchesTold(BaseModel):
    """A page of batches, the newest first."""

    items: list[BatchTold]
    next: Annotated[str | None, Field(description="`before` of the next page; null: the last")]


class NeverContacted(BaseModel):
    """Some whom the batch never contacts."""

    requests: int
    why: str


class OutlookTold(BaseModel):
    """The outlook of a batch."""

    explanation: Annotated[list[str], Field(description="why it stands still, when it finishes")]
    finishes_at: Annotated[datetime | None, Field(description="null: not in sight")]
    never_contacted: list[NeverContacted]
    uncounted: Annotated[str | None, Field(description="whom the numbers leave out")]


class BatchShown(BatchTold, OutlookTold):
    """A batch with its outlook."""


class HourPlanned(BaseModel):
    """The attempts that begin in an hour."""

    hour: datetime
    attempts: int


class TextCostsTold(BaseModel):
    """What texts are charged as."""

    texts: int
    segments: int
    longest: int
    warnings: list[str]


class PlanTold(OutlookTold):
    """The attempts of a batch, hour by hour."""

    hours: list[HourPlanned]
    segments: Annotated[TextCostsTold, Field(description="of a batch of texts")] | None = None


class AuditEntryTold(BaseModel):
    """One deed: who did what, when, through which door and why. Of a person it holds no value."""

    id: int
    at: datetime
    by: str
    door: AuditDoor
    deed: Annotated[str, Field(examples=["pause"])]
    subject: Annotated[str, Field(examples=["batch 20271121.1"])]
    why: str | None
    detail: Annotated[ByName, Field(description="counts, and names of fields")]
    before: Annotated[ByName | None, Field(description="of a batch or campaign: what changed")]
    after: ByName | None


class FindingsTold(BaseModel):
    """The findings in the chain of seals."""

    sealed: int
    unsealed: int
    head: Annotated[
        str | None, Field(description="the last seal: kept elsewhere, it proves the end")
    ]
    faults: list[str]


class HaltTold(BaseModel):
    """A halt in force."""

    scope: Literal["all", "channel", "campaign", "source"]
    key: str
    reason: str
    halted_at: datetime
    halted_by: str


class Changed(BaseModel):
    """Whether anything is otherwise than before."""

    changed: bool


class KeyTold(BaseModel):
    """A key's facts, without the key."""

    id: int
    name: str
    owner: str
    role: Role
    campaign_id: int | None
    per_second: int
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


class NewKeyTold(KeyTold):
    """A key that was just made."""

    key: Annotated[str, Field(description="shown once, kept nowhere")]
