"""The result of a request, and the story of how."""

from dataclasses import dataclass
from datetime import datetime

from worker.domain.wire import Wire, to_wire


@dataclass(frozen=True, slots=True)
class RequestResult:
    """CommunicationRequestResult: a request and where it stands, under its names on the wire."""

    batch_id: str
    reference_id: str
    target: str
    request_variables: dict[str, str]
    request_status: str
    channel_manager_status: str
    error_code: str | None
    error_message: str | None
    call_manager_sid: str | None
    created_at: datetime
    sent_at: datetime | None
    attempt_count: int
    session_id: int | None
    conversation_id: int | None

    def to_wire(self) -> dict[str, Wire]:
        """The fields in JSON's own types."""
        return {name: to_wire(getattr(self, name)) for name in RESULT_FIELDS}


RESULT_FIELDS: tuple[str, ...] = tuple(RequestResult.__slots__)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a request.

    `what` is a status moved to, or what an attempt or the provider did; `why` names the cause.
    """

    at: datetime
    attempt_number: int | None
    what: str
    why: str | None

    def to_wire(self) -> dict[str, Wire]:
        """The moment in JSON's own types."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class History:
    """A request with everything that happened to it, oldest first."""

    request: RequestResult
    moments: tuple[HistoryEntry, ...]
    due_at: datetime | None

    def to_wire(self) -> dict[str, Wire]:
        """The request's fields, its due time while it waits, and its history."""
        return {
            **self.request.to_wire(),
            "due_at": to_wire(self.due_at),
            "history": [moment.to_wire() for moment in self.moments],
        }
