"""The audit's words: deeds, and the doors they came through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

import orjson

from worker.domain.wire import Wire, to_wire


class AuditDoor(StrEnum):
    """The door by which a deed came in."""

    API = "api"
    COMMAND = "command"
    MESSAGE = "message"
    CONSOLE = "console"
    SYSTEM = "system"


class Deed(StrEnum):
    """A deed: to a batch, a campaign, a request, a suppression, a key, an account or all sending."""

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
    RECONCILE = "reconcile"
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
    SWITCH = "switch"


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
    before: dict[str, Wire] | None = None
    after: dict[str, Wire] | None = None

    def to_wire(self) -> dict[str, Wire]:
        """AuditEntry under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}


SECRET = frozenset({"webhooks"})
"""Fields that may hold a receiver's secret: that they changed is told, their values are not."""


def changed(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[dict[str, Wire], dict[str, Wire]]:
    """The fields that differ, as they were and as they are."""
    names = sorted(name for name in after if before[name] != after[name])
    hidden: dict[str, Wire] = dict.fromkeys(SECRET.intersection(names), "not told")
    was = {name: to_wire(before[name]) for name in names}
    return was | hidden, {name: to_wire(after[name]) for name in names} | hidden


def seal_of(sealed_before: bytes, entry: AuditEntry) -> bytes:
    """The seal under an entry: a digest of the one before it and of all that it says."""
    said: Mapping[str, object] = {
        name: getattr(entry, name) for name in entry.__slots__ if name != "at"
    } | {"at": entry.at.astimezone(UTC).isoformat()}
    return sha256(sealed_before + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


@dataclass(frozen=True, slots=True)
class ChainFindings:
    """The findings in the chain of seals. `head` is its last seal: kept elsewhere, it proves the end."""

    sealed: int
    unsealed: int
    head: str | None
    faults: tuple[str, ...]

    def to_wire(self) -> dict[str, Wire]:
        """ChainFindings under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}
