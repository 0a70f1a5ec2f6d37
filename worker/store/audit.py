"""The audit: a row for every deed, written with it, changed by nobody."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, RowMapping, insert, select

from worker.domain.audit import AuditDoor, AuditEntry, Deed
from worker.store.schema import audit

DOOR = "outreach_door"
Detail = Mapping[str, int | Sequence[str]]


def through(engine: Engine, door: AuditDoor) -> Engine:
    """The engine for deeds that come in by this door."""
    return engine.execution_options(**{DOOR: door})


def note(
    connection: Connection,
    deed: Deed,
    subject: str,
    by: str,
    *,
    why: str | None = None,
    detail: Detail | None = None,
) -> None:
    """Write down a deed in its own transaction.

    Args:
        connection: of an engine that knows its door; by any other one the system itself acts.
        deed: what is done.
        subject: what to, like `batch B`, `campaign 7`, `channel sms`: never whom.
        by: who, a mailbox or a part of the system.
        why: the reason, where one was asked for.
        detail: counts and names of fields; no value of theirs.
    """
    door = connection.get_execution_options().get(DOOR, AuditDoor.SYSTEM)
    row = {"by": by, "door": door, "deed": deed, "subject": subject, "why": why}
    connection.execute(insert(audit).values(row | {"detail": detail or {}}))


def newest(connection: Connection, *, subject: str | None, limit: int) -> list[AuditEntry]:
    """The latest deeds, newest first; to one subject if asked."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return [_entry(row) for row in connection.execute(query).mappings()]


def _entry(row: RowMapping) -> AuditEntry:
    door, deed = AuditDoor(row["door"]), Deed(row["deed"])
    return AuditEntry(**{**row, "door": door, "deed": deed})
