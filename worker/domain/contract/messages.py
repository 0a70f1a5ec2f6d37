"""Messages from other systems: one payload per name, checked strictly, with its schema."""

from collections.abc import Mapping
from re import fullmatch
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    Field,
    Strict,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import WithJsonSchema

from worker.domain.contract.batches import BatchFields, BatchId
from worker.domain.contract.campaigns import CampaignFields
from worker.domain.contract.new_requests import NewRequest, ReferenceId, Target
from worker.domain.errors import Mistake, WrongFields
from worker.domain.field_faults import MAILBOX, NOT_BLANK, name_place, phrase
from worker.domain.fields import LARGEST_ID, Interval, Moment, Name, Rate, Text, WireModel
from worker.domain.statuses import Channel, SuppressReason
from worker.domain.wire import Wire, to_wire

MOST_REQUESTS = 1_000

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Mailbox = Annotated[Text, Field(pattern=MAILBOX)]
References = Annotated[list[ReferenceId], Field(min_length=1, max_length=MOST_REQUESTS)]
WireChannel = Annotated[Channel, Strict(strict=False)]
WireReason = Annotated[SuppressReason, Strict(strict=False)]
ShortInterval = Annotated[
    Interval, WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}[mhd]$"})
]

ANONYMOUS = "message"
"""Who made a change whose message does not say."""


class UnknownMessage(Mistake):
    """No message has this name."""

    def __init__(self) -> None:
        super().__init__("there is no message of this name; see: outreach messages list")


class Payload(WireModel):
    """The fields of one message. `partial` ones change only what they name."""

    partial: ClassVar[bool] = False
    last_updated_by: Mailbox | None = None

    @property
    def by(self) -> str:
        """Return who asks."""
        return self.last_updated_by or ANONYMOUS

    @property
    def named(self) -> dict[str, object]:
        """The fields that the message names, but for who asks."""
        names = self.model_fields_set - {"last_updated_by"}
        return {name: getattr(self, name) for name in names}


class CreateCampaign(CampaignFields, Payload):
    """A new campaign; one that was created with equal fields is left as it is."""

    retry_interval: ShortInterval = CampaignFields.model_fields["retry_interval"].default


def _field(info: FieldInfo) -> Any:  # noqa: ANN401  what pydantic takes for a field
    kind = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    return kind, None


class _CampaignChange(Payload):
    partial = True
    id: Id | None = None

    @model_validator(mode="after")
    def _names_a_campaign(self) -> Self:
        if not {"id", "campaign_name"} & self.model_fields_set:
            raise ValueError("id: name the campaign by its id or its campaign_name")
        return self


UpdateCampaign = create_model(
    "UpdateCampaign",
    __base__=_CampaignChange,
    __doc__="Changes to a campaign, named by id or else by campaign_name; the other fields stay.",
    **{name: _field(info) for name, info in CreateCampaign.model_fields.items()},
)


class _WithRequests(Payload):
    requests: list[NewRequest]

    @model_validator(mode="after")
    def _references_are_distinct(self) -> Self:
        first: dict[str, int] = {}
        for at, request in enumerate(self.requests):
            earlier = first.setdefault(request.reference_id, at)
            if earlier != at:
                raise ValueError(f"requests.{at}.reference_id: was used by requests.{earlier}")
        return self


class CreateBatch(BatchFields, _WithRequests):
    """A new batch of the campaign of this campaign_id or campaign_name, with its first requests if any."""

    campaign_id: Id | None = None  # type: ignore[assignment]  # a name may stand for it
    campaign_name: Name | None = None
    requests: list[NewRequest] = Field(default_factory=list, max_length=MOST_REQUESTS)

    @model_validator(mode="after")
    def _names_one_campaign(self) -> Self:
        if (self.campaign_id is None) == (self.campaign_name is None):
            raise ValueError("campaign_id: give either campaign_id or campaign_name")
        return self


class AddRequests(_WithRequests):
    """More requests for a batch, all or none; `replace` lets them correct those nobody was tried for."""

    batch_id: BatchId
    replace: bool = False
    requests: list[NewRequest] = Field(min_length=1, max_length=MOST_REQUESTS)


class UpdateBatch(Payload):
    """Changes to a batch; null clears `starts_at`, `expires_on` or `call_rate`."""

    partial = True
    batch_id: BatchId
    paused: bool = False
    starts_at: Moment | None = None
    expires_on: Moment | None = None
    call_rate: Rate | None = None
    auto_call_rate: bool = False


class DeleteBatch(Payload):
    """The end of a batch; what waits is canceled, attempts under way live on."""

    batch_id: BatchId
    deleted_reason: Annotated[Text, Field(pattern=NOT_BLANK)]


class RemoveRequests(Payload):
    """Requests that are not to be attempted any more."""

    batch_id: BatchId
    reference_ids: References


class RetryRequests(Payload):
    """Failed requests to be attempted once more: those named, or all.

    Whoever may have been reached is passed over unless `including_doubt`.
    """

    batch_id: BatchId
    reference_ids: References | None = None
    failed: Literal[True] | None = None
    including_doubt: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.reference_ids is None) == (self.failed is None):
            raise ValueError("reference_ids: give either reference_ids or failed: true")
        return self


class DispatchBatch(Payload):
    """Scan this batch now instead of at the next tick."""

    batch_id: BatchId


class RecordSession(Payload):
    """The conversation's id in the system that held it."""

    call_manager_sid: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    batch_id: BatchId | None = None
    reference_id: ReferenceId | None = None
    session_id: Id | None = None
    conversation_id: Id | None = None

    @model_validator(mode="after")
    def _names_one_request(self) -> Self:
        pair = (self.batch_id, self.reference_id)
        if any(pair) != all(pair) or bool(self.call_manager_sid) == all(pair):
            raise ValueError(
                "call_manager_sid: give either call_manager_sid, or batch_id and reference_id"
            )
        return self

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.session_id is None and self.conversation_id is None:
            raise ValueError("session_id: give session_id, conversation_id or both")
        return self


class Suppress(Payload):
    """Somebody who must not be contacted on a channel. A number needs its + and country code."""

    mode: WireChannel
    target: Target
    reason: WireReason


class Unsuppress(Payload):
    """The lifting of one suppression, named by its number or its time: whatever else stands, stays."""

    mode: WireChannel
    target: Target
    reason: Text | None = None
    suppression: Id | None = None
    suppressed_at: Moment | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.suppression is None) == (self.suppressed_at is None):
            raise ValueError("suppressed_at: give either suppression or suppressed_at")
        return self


PAYLOADS: dict[str, type[Payload]] = {
    "outreach.create_campaign": CreateCampaign,
    "outreach.update_campaign": UpdateCampaign,
    "outreach.create_batch": CreateBatch,
    "outreach.add_requests": AddRequests,
    "outreach.update_batch": UpdateBatch,
    "outreach.delete_batch": DeleteBatch,
    "outreach.remove_requests": RemoveRequests,
    "outreach.retry_requests": RetryRequests,
    "outreach.dispatch_batch": DispatchBatch,
    "outreach.record_session": RecordSession,
    "outreach.suppress": Suppress,
    "outreach.unsuppress": Unsuppress,
}


def parse_payload(name: str, values: object) -> Payload:
    """The payload of a message, checked.

    Raises:
        UnknownMessage: there is none of this name.
        WrongFields: naming every field that is missing, unknown or wrong, and quoting no value.
    """
    model = _model(name)
    if not isinstance(values, Mapping):
        raise WrongFields(["the payload must be a JSON object"])
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise WrongFields(
            [name_place(_names(fault["loc"]), phrase(fault)) for fault in faults]
        ) from None


def schema(name: str) -> dict[str, Wire]:
    """The JSON Schema of a message's payload.

    Raises:
        UnknownMessage: there is none of this name.
    """
    model = _model(name)
    made = model.model_json_schema()
    for field, told in made["properties"].items():
        if "default" in told:
            told["default"] = to_wire(model.model_fields[field].default)
        if model.partial:
            told.pop("default", None)
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect} | made | {"title": name}


def _model(name: str) -> type[Payload]:
    if name not in PAYLOADS:
        raise UnknownMessage
    return PAYLOADS[name]


def _names(location: tuple[int | str, ...]) -> list[str]:
    """A fault's place; a key that is no field's name may be personal data and is not quoted."""
    return [str(part) if _is_plain(part) else "…" for part in location]


def _is_plain(part: int | str) -> bool:
    return isinstance(part, int) or fullmatch(r"[a-z][a-z_]{0,40}", part) is not None
