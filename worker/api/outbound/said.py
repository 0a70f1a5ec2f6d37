"""Models of the public API's requests: one superset for all generations, strict about types and names."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from worker.domain.contract.batches import BatchId
from worker.domain.contract.new_requests import ReferenceId, Target
from worker.domain.fields import LARGEST_ID, Name, Rate, Text, WireModel, Zone, clock_time, interval

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LARGEST = 2**31 - 1


def _moment(value: object) -> object:
    """A time; UTC where it has no offset, as their clients send naive ones."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        if found is not None:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a time like 2025-08-13T00:00:00Z")


def _clock(value: str) -> str:
    return clock_time(value).isoformat()


def _interval(value: str) -> str:
    interval(value)
    return value


ApiMoment = Annotated[
    datetime,
    BeforeValidator(_moment, json_schema_input_type=str),
    Field(examples=["2027-11-22T00:00:00Z"]),
]
Start = Annotated[ApiMoment | None, Field(description="nothing begins before; no client sends it")]
Clock = Annotated[Text, AfterValidator(_clock), Field(examples=["09:00:00"])]
Pause = Annotated[Text, AfterValidator(_interval), Field(examples=["30m"])]
Count = Annotated[int, Field(ge=0, le=LARGEST)]


class ScheduleOverride(WireModel):
    """The hours of one day, instead of the campaign's own."""

    active: bool | None = None
    daily_start_time: Clock | None = None
    daily_end_time: Clock | None = None
    max_daily_calls: Annotated[
        Count | None, Field(description="attempts, retries included; 0 closes the day")
    ] = None


class OutreachOverrideRules(WireModel):
    """Rules by weekday and date."""

    days: dict[Text, ScheduleOverride] = Field(default_factory=dict)
    dates: dict[Text, ScheduleOverride] = Field(default_factory=dict)


class OutboundCampaignInput(WireModel):
    """A campaign. On a PUT a field that is left out stays as it is, and null clears it."""

    campaign_name: Name
    campaign_variables: Annotated[
        dict[Text, Text],
        Field(
            description="for the words; and the words: `body` (sms); `subject`, `html`, `text` or"
            " `template_id` (email); `twiml` or `url` (voice); or `template`, the name of a"
            " campaign that has them",
            examples=[{"body": "Hello {{ name }}", "clinic": "North"}],
        ),
    ]
    caller_id: Text | None
    active_days: list[DayName] | None = None
    description: Text | None = None
    mode: Literal["voice", "sms", "email"] | None = None
    source: Text | None = None
    daily_start_time: Clock | None = None
    daily_end_time: Clock | None = None
    timezone: Zone | None = None
    hourly_rate: Rate | None = 1
    max_daily_calls: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    retry_count: Annotated[int, Field(ge=0, le=100)] | None = 0
    retry_interval: Pause | None = None
    labels: list[Text] | None = None
    label: Annotated[Text | None, Field(deprecated=True)] = None
    allowed_line_types: list[Literal["mobile", "landline", "voip"]] | None = None
    include_unknown_line_types: bool | None = True
    outreach_override_rules: OutreachOverrideRules | None = None
    rate: Annotated[
        int | None, Field(ge=1, le=60, deprecated=True, description="calls a minute")
    ] = None
    pause_seconds: Annotated[
        int | None, Field(ge=1, le=3600, deprecated=True, description="between two calls")
    ] = None
    voicemail_detection: Annotated[
        dict[str, Any] | None, Field(description="only null; see the README")
    ] = None
    target_filters: Annotated[dict[str, Any] | None, Field(description="only null")] = None
    sms_session_ttl: Annotated[int | None, Field(description="only null")] = None
    webhooks: Annotated[list[dict[str, Any]] | None, Field(description="only empty")] = None


class CommunicationBatchInput(WireModel):
    """A batch to be made."""

    batch_id: Annotated[BatchId, Field(examples=["20271121.1"])]
    campaign_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]
    starts_at: Start = None
    expires_on: ApiMoment | None = None
    paused: bool | None = None
    call_rate: Rate | None = None
    auto_call_rate: bool | None = False


class CommunicationBatchUpdate(WireModel):
    """Changes of a batch; or, from the first generation, all of it as it was read."""

    paused: bool | None = None
    starts_at: Start = None
    expires_on: ApiMoment | None = None
    call_rate: Rate | None = None
    auto_call_rate: bool | None = None
    batch_id: Annotated[Text | None, Field(description="that of the path")] = None
    campaign_id: Annotated[int | None, Field(description="the batch's own")] = None
    status: Annotated[
        Literal["PENDING", "ACTIVE", "PAUSED", "IDLE", "FAILED", "CANCELED", "EXPIRED"] | None,
        Field(deprecated=True, description="PAUSED pauses; PENDING or ACTIVE resumes"),
    ] = None
    count: Annotated[Any, Field(deprecated=True, description="not looked at")] = None
    created_at: Annotated[Any, Field(deprecated=True, description="not looked at")] = None
    deleted_at: Annotated[Any, Field(deprecated=True, description="not looked at")] = None
    deleted_reason: Annotated[Any, Field(deprecated=True, description="not looked at")] = None
    last_worked_on: Annotated[Any, Field(deprecated=True, description="not looked at")] = None
    last_updated_by: Annotated[Any, Field(deprecated=True, description="not believed")] = None


class CommunicationRequest(WireModel):
    """One person to be reached."""

    reference_id: Annotated[ReferenceId, Field(examples=["patient-17"])]
    target: Annotated[Target, Field(examples=["+15125550100"])]
    request_variables: Annotated[dict[Text, Text], Field(examples=[{"name": "Ana"}])]
    batch_id: Annotated[Text | None, Field(deprecated=True, description="that of the path")] = None
    request_status: Annotated[Text | None, Field(deprecated=True, description="not looked at")] = (
        None
    )


def given(model: BaseModel) -> dict[str, Any]:
    """The fields that a client gave, by name."""
    return model.model_dump(include=model.model_fields_set)
