"""One request from close by: its attempts, what holds it now; and requests as a search finds them."""

from dataclasses import dataclass
from datetime import datetime

from worker.domain.contract.results import History
from worker.domain.statuses import RequestStatus
from worker.domain.wire import Wire, to_wire


@dataclass(frozen=True, slots=True)
class AttemptEntry:
    """One attempt, as it stands."""

    attempt: int
    attempt_number: int
    state: str
    counted: bool
    late: bool
    source: str
    sid: str | None
    error_code: str | None
    began_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    campaign_version: int | None

    def to_wire(self) -> dict[str, Wire]:
        """AttemptEntry under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """A request with its history, its attempts, and what keeps it from being attempted now."""

    history: History
    attempts: tuple[AttemptEntry, ...]
    held_by: tuple[str, ...]

    @property
    def waits(self) -> bool:
        """Return whether it is still to be attempted."""
        return self.history.request.request_status == RequestStatus.PENDING

    def to_wire(self) -> dict[str, Wire]:
        """RequestDetails under its names on the wire."""
        return self.history.to_wire() | {
            "attempts": [one.to_wire() for one in self.attempts],
            "held_by": list(self.held_by),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A request that a search found; where it is, and how it stands."""

    batch_id: str
    reference_id: str
    campaign_id: int
    request_status: str
    channel_manager_status: str
    attempt_count: int
    created_at: datetime
    sent_at: datetime | None

    def to_wire(self) -> dict[str, Wire]:
        """Found under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}
