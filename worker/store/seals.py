"""The chain of seals under the audit: forged behind the deeds, read to see whether any was touched."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, text

from worker.domain.audit import AuditEntry, seal_of
from worker.store.audit import entry_of
from worker.store.schema import audit, audit_seal, audit_unsealed

SEALING_LOCK = 7_230_041
START = b""
"""What the first seal follows."""

# In the order of their transactions, and only below the oldest that still runs: none of those can commit a
# row that belongs before. A number from the future is of another server's life: that row has committed.
_WAITING = text("""
    SELECT entry FROM audit_unsealed
    WHERE xact < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)
        OR xact > CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)
    ORDER BY xact, entry LIMIT :limit
""")


def seal(connection: Connection, limit: int) -> int:
    """Seal what waits and has committed. Returns how many; one process at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEALING_LOCK})
    waiting = connection.scalars(_WAITING, {"limit": limit}).all()
    if not waiting:
        return 0
    entries = _entries(connection, waiting)
    digest, seals = _last(connection), []
    for number in waiting:
        if number in entries:
            digest = seal_of(digest, entries[number])
            seals.append({"entry": number, "digest": digest})
    if seals:
        connection.execute(insert(audit_seal), seals)
    connection.execute(delete(audit_unsealed).where(audit_unsealed.c.entry.in_(waiting)))
    return len(seals)


def unsealed(connection: Connection) -> int:
    """Return how many entries wait for their seal."""
    return connection.scalar(select(func.count()).select_from(audit_unsealed)) or 0


@dataclass(frozen=True, slots=True)
class Link:
    """A seal in the chain, and the entry under it, if that is there."""

    position: int
    number: int
    digest: bytes
    entry: AuditEntry | None


def chain(connection: Connection, after: int, limit: int) -> list[Link]:
    """The next seals by position."""
    query = select(audit_seal.c.position, audit_seal.c.entry, audit_seal.c.digest)
    query = query.where(audit_seal.c.position > after).order_by(audit_seal.c.position).limit(limit)
    rows = connection.execute(query).all()
    entries = _entries(connection, [row.entry for row in rows])
    return [
        Link(row.position, row.entry, bytes(row.digest), entries.get(row.entry)) for row in rows
    ]


def sealless(connection: Connection, limit: int) -> list[int]:
    """Entries that neither have a seal nor wait for one: nobody came in by the house's doors with them."""
    query = (
        select(audit.c.id)
        .outerjoin(audit_seal, audit_seal.c.entry == audit.c.id)
        .outerjoin(audit_unsealed, audit_unsealed.c.entry == audit.c.id)
        .where(audit_seal.c.entry.is_(None), audit_unsealed.c.entry.is_(None))
    )
    return list(connection.scalars(query.order_by(audit.c.id).limit(limit)))


def _entries(connection: Connection, numbers: Sequence[int]) -> dict[int, AuditEntry]:
    rows = connection.execute(select(audit).where(audit.c.id.in_(numbers)))
    return {row["id"]: entry_of(row) for row in rows.mappings()}


def _last(connection: Connection) -> bytes:
    query = select(audit_seal.c.digest).order_by(audit_seal.c.position.desc()).limit(1)
    found = connection.scalar(query)
    return START if found is None else bytes(found)
