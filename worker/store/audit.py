"""The audit: a row for every deed, written with it, changed by nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    func,
    insert,
    or_,
    select,
)

from worker.domain.audit import AuditDoor, AuditEntry, Deed
from worker.domain.wire import Wire
from worker.store.schema import audit, batch

DOOR = "outreach_door"
Detail = Mapping[str, int | Sequence[str]]
Fields = Mapping[str, Wire]


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
    before: Fields | None = None,
    after: Fields | None = None,
) -> None:
    """Write down a deed in its own transaction.

    Args:
        connection: of an engine that knows its door; by any other one the system itself acts.
        deed: what is done.
        subject: what to, like `batch B`, `campaign 7`, `channel sms`: never whom.
        by: who, a mailbox or a part of the system.
        why: the reason, where one was asked for.
        detail: counts and names of fields; no value of theirs.
        before: the fields that change, as they were; of a batch or a campaign, never of a person.
        after: the same fields since.
    """
    door = connection.get_execution_options().get(DOOR, AuditDoor.SYSTEM)
    row = {"by": by, "door": door, "deed": deed, "subject": subject, "why": why}
    told = {"detail": detail or {}, "before": before, "after": after}
    connection.execute(insert(audit).values(row | told))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """A query for deeds; None asks for any. `of_campaign`: what was done to it or to a batch of it."""

    subject: str | None = None
    by: str | None = None
    since: datetime | timedelta | None = None
    of_campaign: int | None = None
    deed: Deed | None = None


def newest(connection: Connection, asked: AuditQuery, *, limit: int) -> list[AuditEntry]:
    """The latest deeds that the query asks for, newest first."""
    query = select(audit).where(*_conditions(asked)).order_by(audit.c.id.desc()).limit(limit)
    return [entry_of(row) for row in connection.execute(query).mappings()]


def count(connection: Connection, subject: str, deed: Deed) -> int:
    """Count how often a deed was done to a subject."""
    chosen = (audit.c.subject == subject, audit.c.deed == deed)
    return int(connection.scalar(select(func.count()).where(*chosen)) or 0)


def halts(connection: Connection, *, subject: str | None, limit: int) -> list[AuditEntry]:
    """The latest halts and their liftings, newest first; of one subject, or of any but batches."""
    deeds = audit.c.deed.in_([Deed.HALT, Deed.RESUME])
    of = audit.c.subject.not_like("batch %") if subject is None else audit.c.subject == subject
    query = select(audit).where(deeds, of).order_by(audit.c.id.desc()).limit(limit)
    return [entry_of(row) for row in connection.execute(query).mappings()]


def _conditions(asked: AuditQuery) -> Iterator[ColumnElement[bool]]:
    if asked.subject is not None:
        yield audit.c.subject == asked.subject
    if asked.deed is not None:
        yield audit.c.deed == asked.deed
    if asked.by is not None:
        yield audit.c.by == asked.by
    if asked.since is not None:
        ago = isinstance(asked.since, timedelta)
        yield audit.c.at >= (func.statement_timestamp() - asked.since if ago else asked.since)
    if asked.of_campaign is not None:
        named = select("batch " + batch.c.batch_id).where(batch.c.campaign_id == asked.of_campaign)
        campaign = f"campaign {asked.of_campaign}"
        yield or_(audit.c.subject == campaign, audit.c.subject.in_(named))


def entry_of(row: RowMapping) -> AuditEntry:
    """The entry in a row."""
    door, deed = AuditDoor(row["door"]), Deed(row["deed"])
    return AuditEntry(**{**row, "door": door, "deed": deed})
