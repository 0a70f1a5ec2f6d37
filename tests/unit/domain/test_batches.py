from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.factories import make_facts
from worker.domain.contract.batches import (
    BatchDetails,
    BatchFacts,
    Count,
    apply_changes,
    batch_fields,
    batch_status,
)
from worker.domain.errors import BatchDeleted, CannotMoveExpiry, WrongFields
from worker.domain.statuses import BatchStatus, ChannelStatus, RequestStatus

NOW = datetime(2025, 8, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FRESH = make_facts(
    batch_id="20250812.9", created_at=NOW - HOUR, last_updated_at=NOW, attempted=False
)
PENDING = replace(FRESH)
ACTIVE = replace(FRESH, attempted=True)
PAUSED = replace(ACTIVE, paused=True)
EXPIRED = replace(PAUSED, expires_on=NOW)
FAILED = replace(EXPIRED, error_message="line 1: no")
CANCELED = replace(FAILED, deleted_at=NOW, deleted_reason="User request")


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        pytest.param(PENDING, BatchStatus.PENDING, id="nothing-happened"),
        pytest.param(ACTIVE, BatchStatus.ACTIVE, id="attempted"),
        pytest.param(PAUSED, BatchStatus.PAUSED, id="paused-over-active"),
        pytest.param(EXPIRED, BatchStatus.EXPIRED, id="expired-over-paused"),
        pytest.param(FAILED, BatchStatus.FAILED, id="failed-over-expired"),
        pytest.param(CANCELED, BatchStatus.CANCELED, id="canceled-over-all"),
        pytest.param(replace(ACTIVE, starts_at=NOW + HOUR), BatchStatus.PENDING, id="starts-later"),
        pytest.param(replace(ACTIVE, starts_at=NOW), BatchStatus.ACTIVE, id="starts-now"),
        pytest.param(replace(PAUSED, starts_at=NOW + HOUR), BatchStatus.PAUSED, id="and-paused"),
        pytest.param(replace(ACTIVE, expires_on=NOW + HOUR), BatchStatus.ACTIVE, id="not-yet"),
        pytest.param(replace(FRESH, paused=True), BatchStatus.PAUSED, id="paused-before-begin"),
    ],
)
def test_the_first_fact_that_matches_is_the_status(facts: BatchFacts, status: BatchStatus) -> None:
    assert batch_status(facts, NOW) is status


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param({"batch_id": "a b"}, "batch_id:", id="space"),
        pytest.param({"batch_id": "a\n"}, "batch_id:", id="line-break"),
        pytest.param({"batch_id": "a" * 129}, "batch_id:", id="too-long"),
        pytest.param({"batch_id": ""}, "batch_id:", id="empty"),
        pytest.param({"expires_on": "2025-08-13"}, "expires_on: must be", id="no-time"),
        pytest.param({"expires_on": "2025-08-13T00:00:00"}, "expires_on: must be", id="naive"),
        pytest.param({"starts_at": "2025-08-13T00:00:00"}, "starts_at: must be", id="naive-start"),
        pytest.param(
            {"starts_at": "2025-08-13T02:00:00+02:00", "expires_on": "2025-08-13T00:00:00Z"},
            "starts_at: must lie before expires_on",
            id="ends-as-it-starts",
        ),
        pytest.param({"call_rate": 3601}, "call_rate:", id="rate"),
        pytest.param({"auto_call_rate": True}, "auto_call_rate: needs", id="no-deadline"),
        pytest.param({"status": "PAUSED"}, "status: there is no such field", id="status"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], fault: str) -> None:
    with pytest.raises(WrongFields) as caught:
        batch_fields({"batch_id": "a", "campaign_id": 1} | changes)

    assert caught.value.faults[0].startswith(fault), caught.value.faults


def test_an_expiry_in_any_zone_is_kept_in_utc() -> None:
    fields = batch_fields(
        {"batch_id": "a", "campaign_id": 1, "expires_on": "2025-08-13T02:00:00+02:00"}
    )

    assert fields.expires_on == datetime(2025, 8, 13, tzinfo=UTC)
    assert fields.expires_on.tzinfo is UTC


def test_an_expiry_can_be_moved_before_it_passes() -> None:
    later = NOW + 2 * HOUR

    assert (
        apply_changes(replace(FRESH, expires_on=NOW + HOUR), {"expires_on": later}, NOW).expires_on
        == later
    )


def test_an_expiry_that_passed_stays() -> None:
    with pytest.raises(CannotMoveExpiry):
        apply_changes(EXPIRED, {"expires_on": NOW + HOUR}, NOW)


def test_an_expired_batch_may_be_told_its_own_expiry_again() -> None:
    elsewhere = NOW.astimezone(timezone(HOUR))

    assert apply_changes(EXPIRED, {"expires_on": elsewhere, "paused": False}, NOW).paused is False


@pytest.mark.parametrize("name", ["batch_id", "campaign_id", "deleted_at"])
def test_what_a_batch_is_can_not_be_edited(name: str) -> None:
    with pytest.raises(WrongFields, match=f"{name}: can't be changed"):
        apply_changes(FRESH, {name: "other"}, NOW)


def test_a_deleted_batch_can_not_be_edited() -> None:
    with pytest.raises(BatchDeleted):
        apply_changes(CANCELED, {"paused": False}, NOW)


def test_details_read_as_the_contract_says() -> None:
    counts = (
        Count(RequestStatus.COMPLETED, ChannelStatus.COMPLETED, 95),
        Count(RequestStatus.FAILED, ChannelStatus.BUSY, 2),
        Count(RequestStatus.FAILED, ChannelStatus.NO_ANSWER, 3),
        Count(RequestStatus.PENDING, ChannelStatus.PENDING, 1),
    )

    details = BatchDetails(ACTIVE, BatchStatus.ACTIVE, counts)
    wire = details.to_wire()

    assert (details.total, details.open) == (101, 1)
    assert wire["status"] == "ACTIVE"
    assert wire["status_counts"] == {"COMPLETED": 95, "FAILED": 5, "PENDING": 1}
    assert wire["detailed_status_counts"] == {
        "COMPLETED": {"total_count": 95, "counts": {"COMPLETED": 95}},
        "FAILED": {"total_count": 5, "counts": {"BUSY": 2, "NO-ANSWER": 3}},
        "PENDING": {"total_count": 1, "counts": {"PENDING": 1}},
    }
    assert "id" not in wire
    assert "attempted" not in wire
