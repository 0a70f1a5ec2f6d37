"""What was done by whom, through which door: the words of the audit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.domain.wire import Wire, to_wire


class AuditDoor(StrEnum):
    """How a deed came in."""

    API = "api"
    COMMAND = "command"
    MESSAGE = "message"
    CONSOLE = "console"
    SYSTEM = "system"


class Deed(StrEnum):
    """What can be done to a batch, a campaign, a request, a suppression, a key or to all sending."""

    CREATE = "create"
    EDIT = "edit"
    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"
    RETRY = "retry"
    PAUSE = "pause"
    RESUME = "resume"
    DELETE = "delete"
    ARCHIVE = "archive"
    HALT = "halt"
    ADOPT = "adopt"
    COUNT_AS_SENT = "count-as-sent"
    ALLOW_RETRY = "allow-retry"
    SUPPRESS = "suppress"
    LIFT = "lift"
    REPLAY = "replay"
    DISCARD = "discard"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    REVEAL = "reveal"
    EXPORT = "export"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One deed. `subject` names what it was done to, `detail` holds counts and names of fields."""

    id: int
    at: datetime
    by: str
    door: AuditDoor
    deed: Deed
    subject: str
    why: str | None
    detail: dict[str, Wire]

    def to_wire(self) -> dict[str, Wire]:
        """AuditEntry under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}
