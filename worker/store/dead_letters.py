"""Dead letters: what could not be accepted, kept whole with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from worker.domain.wire import Wire, to_wire
from worker.store.schema import dead_letter

MESSAGE = "message"
CALLBACK = "callback"
"""What a provider reported and nobody could read, store or apply."""
REQUEST = "request"
"""A request that the database lets nobody move."""
ANSWER = "answer"
"""What a provider answered to an attempt that the database does not know, or that can't be recorded."""
KINDS = (MESSAGE, CALLBACK, REQUEST, ANSWER)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One of them. `payload` is the payload where `task` is known, else all that arrived."""

    id: int
    kind: str
    task: str | None
    message_id: str | None
    reason: str
    payload: str
    received_at: datetime
    settled_at: datetime | None
    settled_how: str | None

    def to_wire(self, *, payload: bool = True) -> dict[str, Wire]:
        """DeadLetter under its names on the wire; its payload, which may name people, only if asked."""
        names = [name for name in self.__slots__ if payload or name != "payload"]
        return {name: to_wire(getattr(self, name)) for name in names}


_COLUMNS = [dead_letter.c[name] for name in DeadLetter.__slots__]


def bury(
    connection: Connection,
    *,
    reason: str,
    payload: str,
    task: str | None,
    message_id: str | None,
    kind: str = MESSAGE,
) -> int | None:
    """Keep what could not be accepted. Returns its id; None for a repetition."""
    digest = sha256(payload.encode()).hexdigest() if message_id else None
    letter: int | None = connection.scalar(
        insert(dead_letter)
        .values(
            kind=kind,
            reason=reason,
            payload=payload,
            task=task,
            message_id=message_id,
            digest=digest,
        )
        .on_conflict_do_nothing(index_elements=["message_id", "digest"])
        .returning(dead_letter.c.id)
    )
    return letter


def newest(
    connection: Connection, *, settled: bool, limit: int, kind: str = ""
) -> Sequence[DeadLetter]:
    """The latest ones, newest first; settled ones too, or those of a kind alone, if asked."""
    query = select(*_COLUMNS).order_by(dead_letter.c.id.desc()).limit(limit)
    if not settled:
        query = query.where(dead_letter.c.settled_at.is_(None))
    if kind:
        query = query.where(dead_letter.c.kind == kind)
    return [DeadLetter(*row) for row in connection.execute(query)]


def count_open(connection: Connection) -> dict[str, int]:
    """Count by kind those that nobody has settled."""
    counted = select(dead_letter.c.kind, func.count()).where(dead_letter.c.settled_at.is_(None))
    rows = connection.execute(counted.group_by(dead_letter.c.kind).order_by(dead_letter.c.kind))
    return {row[0]: row[1] for row in rows}


def list_open(connection: Connection, kinds: Sequence[str], *, after: int, limit: int) -> list[int]:
    """The next of these kinds that nobody has settled, the oldest first."""
    chosen = select(dead_letter.c.id).where(
        dead_letter.c.settled_at.is_(None), dead_letter.c.kind.in_(kinds), dead_letter.c.id > after
    )
    return list(connection.scalars(chosen.order_by(dead_letter.c.id).limit(limit)))


def find(connection: Connection, letter_id: int, *, lock: bool = False) -> DeadLetter | None:
    """One of them, held against other readers if asked."""
    query = select(*_COLUMNS).where(dead_letter.c.id == letter_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return DeadLetter(*row) if row else None


def resolve(connection: Connection, letter_id: int, how: str) -> bool:
    """Nothing is to be done about it any more. Returns False when that was so before."""
    return _settle(connection, dead_letter.c.id == letter_id, how) == 1


def resolve_message(connection: Connection, message_id: str, task: str, how: str) -> None:
    """The message was accepted when it came again; one of another name under its id is another one."""
    same = or_(dead_letter.c.task == task, dead_letter.c.task.is_(None))
    _settle(connection, and_(dead_letter.c.message_id == message_id, same), how)


def _settle(connection: Connection, which: ColumnElement[bool], how: str) -> int:
    return connection.execute(
        update(dead_letter)
        .where(which, dead_letter.c.settled_at.is_(None))
        .values(settled_at=func.clock_timestamp(), settled_how=how)
    ).rowcount
