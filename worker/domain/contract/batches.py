"""A batch: its fields, and the status its facts speak of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from worker.domain.errors import (
    BatchArchived,
    BatchDeleted,
    BatchExpired,
    CannotMoveExpiry,
    WrongFields,
)
from worker.domain.field_faults import BATCH_ID
from worker.domain.fields import Moment, Rate, WireModel, validate
from worker.domain.statuses import FINAL, BatchStatus, ChannelStatus, RequestStatus
from worker.domain.wire import Wire, stamp, to_wire

BatchId = Annotated[str, Field(pattern=BATCH_ID)]


class BatchFields(WireModel):
    """The fields of a new batch, under their names on the wire."""

    batch_id: BatchId
    campaign_id: int
    starts_at: Moment | None = None
    expires_on: Moment | None = None
    paused: bool = False
    call_rate: Rate | None = None
    auto_call_rate: bool = False

    @model_validator(mode="after")
    def _auto_rate_has_a_deadline(self) -> Self:
        if self.auto_call_rate and self.expires_on is None:
            raise ValueError("auto_call_rate: needs expires_on, the time to be finished by")
        return self

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> Self:
        if self.starts_at and self.expires_on and self.starts_at >= self.expires_on:
            raise ValueError("starts_at: must lie before expires_on")
        return self


EDITABLE = ("paused", "starts_at", "expires_on", "call_rate", "auto_call_rate")


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """The stored facts of a batch, and whether one of its requests has a counted attempt."""

    id: int
    batch_id: str
    campaign_id: int
    starts_at: datetime | None
    expires_on: datetime | None
    paused: bool
    call_rate: int | None
    auto_call_rate: bool
    auto_call_rate_baseline: int | None
    upload_filename: str | None
    error_message: str | None
    created_at: datetime
    finished_at: datetime | None
    archived_at: datetime | None
    deleted_at: datetime | None
    deleted_reason: str | None
    last_updated_at: datetime
    last_updated_by: str
    attempted: bool

    @property
    def fields(self) -> BatchFields:
        """The part a creator or an editor may choose."""
        names = BatchFields.model_fields
        return BatchFields.model_construct(**{name: getattr(self, name) for name in names})


def batch_status(facts: BatchFacts, now: datetime) -> BatchStatus:
    """Derive the status from the facts; the first match wins."""
    if facts.deleted_at is not None:
        return BatchStatus.CANCELED
    if facts.error_message is not None:
        return BatchStatus.FAILED
    if is_expired(facts, now):
        return BatchStatus.EXPIRED
    if facts.paused:
        return BatchStatus.PAUSED
    begins = facts.attempted and not waits_to_start(facts, now)
    return BatchStatus.ACTIVE if begins else BatchStatus.PENDING


def refuse_closed(facts: BatchFacts, now: datetime) -> None:
    """Let only an open batch pass: one to which work may be added.

    Raises:
        BatchArchived, BatchDeleted, BatchExpired: it is closed.
    """
    if facts.archived_at is not None:
        raise BatchArchived(facts.batch_id)
    if facts.deleted_at is not None:
        raise BatchDeleted(facts.batch_id)
    if is_expired(facts, now):
        raise BatchExpired(facts.batch_id)


def is_expired(facts: BatchFacts, now: datetime) -> bool:
    """Return whether the batch's time is over."""
    return facts.expires_on is not None and facts.expires_on <= now


def waits_to_start(facts: BatchFacts, now: datetime) -> bool:
    """Return whether the batch's time has not come yet."""
    return facts.starts_at is not None and facts.starts_at > now


def refuse_past_expiry(fields: BatchFields, now: datetime) -> None:
    """Let no batch be made to end before now: none of its requests could ever be attempted.

    Raises:
        WrongFields: it would have expired already.
    """
    if fields.expires_on is not None and fields.expires_on <= now:
        raise WrongFields([f"expires_on: must lie ahead; by the database it is {stamp(now)}"])


def batch_fields(values: Mapping[str, object]) -> BatchFields:
    """The fields of a batch, checked.

    Raises:
        WrongFields: naming every field that is missing, unknown or wrong.
    """
    return validate(BatchFields, values)


def apply_changes(facts: BatchFacts, changes: Mapping[str, object], now: datetime) -> BatchFields:
    """The fields after a partial update; only the given names change.

    Raises:
        BatchDeleted: nothing about it can be changed.
        WrongFields: a change is unknown or wrong.
        CannotMoveExpiry: it has expired already.
    """
    if facts.deleted_at is not None:
        raise BatchDeleted(facts.batch_id)
    if fixed := [name for name in changes if name not in EDITABLE]:
        raise WrongFields([f"{name}: can't be changed" for name in fixed])
    after = batch_fields(facts.fields.model_dump() | dict(changes))
    if after.expires_on != facts.expires_on and is_expired(facts, now):
        raise CannotMoveExpiry(facts.batch_id)
    return after


@dataclass(frozen=True, slots=True)
class Count:
    """The number of a batch's requests at one status and outcome."""

    request_status: RequestStatus
    channel_manager_status: ChannelStatus
    n: int


@dataclass(frozen=True, slots=True)
class BatchDetails:
    """A batch as an operator reads it."""

    facts: BatchFacts
    status: BatchStatus
    counts: tuple[Count, ...]

    @property
    def total(self) -> int:
        """Count all its requests."""
        return sum(count.n for count in self.counts)

    @property
    def open(self) -> int:
        """Count those that are not final yet."""
        return sum(count.n for count in self.counts if count.request_status not in FINAL)

    def to_wire(self) -> dict[str, Wire]:
        """BatchDetails under its names on the wire."""
        hidden = {"id", "attempted"}
        facts = {name: getattr(self.facts, name) for name in BatchFacts.__slots__}
        return {
            **{name: to_wire(value) for name, value in facts.items() if name not in hidden},
            "status": str(self.status),
            "status_counts": to_wire(status_counts(self.counts)),
            "detailed_status_counts": to_wire(count_by_outcome(self.counts)),
        }


def status_counts(counts: Iterable[Count]) -> dict[RequestStatus, int]:
    """Count the requests at each status; a status without any is left out."""
    totals: dict[RequestStatus, int] = {}
    for count in counts:
        totals[count.request_status] = totals.get(count.request_status, 0) + count.n
    return totals


def count_by_outcome(counts: Iterable[Count]) -> dict[str, dict[str, object]]:
    """The same by outcome: `{"FAILED": {"total_count": 5, "counts": {"NO-ANSWER": 5}}}`."""
    by_status: dict[RequestStatus, dict[str, int]] = {}
    for count in counts:
        by_status.setdefault(count.request_status, {})[count.channel_manager_status] = count.n
    return {
        status: {"total_count": sum(outcomes.values()), "counts": outcomes}
        for status, outcomes in by_status.items()
    }
