"""Batches and results in the words of the public API."""

from collections.abc import Mapping
from typing import Any

from worker.domain.contract.batches import EDITABLE, BatchDetails
from worker.domain.contract.outbound.generations import Generation
from worker.domain.contract.results import RequestResult
from worker.domain.errors import WrongFields
from worker.domain.statuses import BatchStatus, RequestStatus
from worker.domain.wire import Wire, to_wire

REQUIRED = frozenset({"batch_id", "campaign_id", "last_updated_by"})
_COUNTS = ("status_counts", "detailed_status_counts")


def show_details(details: BatchDetails, generation: Generation) -> dict[str, Wire]:
    """BatchDetails, under every name that a generation reads."""
    told = details.to_wire()
    told["status"] = generation.batch_status(details.status)
    worked_on = told["last_updated_at"]
    return told | {"dispatch_id": None, "count": details.total, "last_worked_on": worked_on}


def show_batch(details: BatchDetails, generation: Generation) -> dict[str, Wire]:
    """CommunicationBatch: the same without its counts."""
    told = show_details(details, generation)
    return {name: value for name, value in told.items() if name not in _COUNTS}


def show_result(result: RequestResult, generation: Generation) -> dict[str, Wire]:
    """CommunicationRequestResult."""
    return {
        **result.to_wire(),
        "request_status": generation.status(RequestStatus(result.request_status)),
        "channel_manager_sid": to_wire(result.call_manager_sid),
        **dict.fromkeys(_NOT_KNOWN),
    }


_NOT_KNOWN = ("insights_status", "insights", "line_type", "enrichment")


def changes_said(said: Mapping[str, Any], shown: Mapping[str, Wire]) -> dict[str, object]:
    """Return what a client changes of a batch: the fields that it gives and that may be changed.

    The first generation sends the whole batch, as it was read: a status that was read before somebody's
    pause does not end that pause, unless it is all that differs.

    Args:
        said: the fields given.
        shown: the batch as it is shown now.

    Raises:
        WrongFields: it names another batch or campaign, or a status that can't be set.
    """
    if faults := [f"{name}: can't be changed" for name in _IDS if _differs(name, said, shown)]:
        raise WrongFields(faults)
    changes = {name: said[name] for name in EDITABLE if name in said and not _is_mute(name, said)}
    paused = _pause_in(said, shown)
    if paused and not changes.get("paused"):
        changes["paused"] = True
    if paused is False and not _others_differ(changes, shown):
        changes["paused"] = False
    return changes


_IDS = ("batch_id", "campaign_id")
_PAUSED = {"PAUSED": True, "PENDING": False, "ACTIVE": False, "IDLE": None, "FAILED": None}


def _is_mute(name: str, said: Mapping[str, Any]) -> bool:
    """A null where there is no such thing as none: it leaves the field as it is."""
    return name in {"paused", "auto_call_rate"} and said[name] is None


def _differs(name: str, said: Mapping[str, Any], shown: Mapping[str, Wire]) -> bool:
    return name in said and said[name] != shown[name]


def _pause_in(said: Mapping[str, Any], shown: Mapping[str, Wire]) -> bool | None:
    status = said.get("status")
    if status is None or status == shown["status"]:
        return None
    if status not in _PAUSED:
        raise WrongFields([f"status: {_WHY.get(status, 'can not be set to this')}"])
    return _PAUSED[status]


_WHY = {
    BatchStatus.CANCELED.value: "a batch is deleted by DELETE, with a reason",
    BatchStatus.EXPIRED.value: "a batch expires by its expires_on",
}


def _others_differ(changes: Mapping[str, object], shown: Mapping[str, Wire]) -> bool:
    return any(to_wire(value) != shown[name] for name, value in changes.items())
