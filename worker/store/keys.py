"""Keys: the rows that say who may ask, and for what."""

from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from worker.domain.callers import AccessKey, Role
from worker.store.schema import access_key

FIELDS = tuple(AccessKey.__slots__)
COLUMNS = [access_key.c[name] for name in FIELDS]

_VALID = (
    access_key.c.revoked_at.is_(None),
    or_(access_key.c.expires_at.is_(None), access_key.c.expires_at > func.clock_timestamp()),
)


def add(connection: Connection, digest: bytes, values: Mapping[str, object]) -> AccessKey | None:
    """Store a new key by its digest; None while another one has its name."""
    rows = connection.execute(
        insert(access_key)
        .values(**values, digest=digest)
        .on_conflict_do_nothing(
            index_elements=["name"], index_where=access_key.c.revoked_at.is_(None)
        )
        .returning(*COLUMNS)
    )
    row = rows.mappings().first()
    return _key(row) if row else None


def everyone(connection: Connection) -> list[AccessKey]:
    """Every key there ever was, oldest first."""
    rows = connection.execute(select(*COLUMNS).order_by(access_key.c.id))
    return [_key(row) for row in rows.mappings()]


def valid(connection: Connection) -> dict[bytes, AccessKey]:
    """The keys that hold at this moment, by digest."""
    rows = connection.execute(select(access_key.c.digest, *COLUMNS).where(*_VALID))
    return {bytes(row["digest"]): _key(row) for row in rows.mappings()}


def revoke(connection: Connection, name: str, by: str) -> AccessKey | None:
    """Let the key of this name hold no more; None where none of it holds."""
    rows = connection.execute(
        update(access_key)
        .where(access_key.c.name == name, access_key.c.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp(), revoked_by=by)
        .returning(*COLUMNS)
    )
    row = rows.mappings().first()
    return _key(row) if row else None


# Where another process has just written the same, this one leaves it: no two wait for one another.
_NOTE_USE = text("""
    UPDATE access_key SET last_used_at = clock_timestamp() WHERE id = (
        SELECT id FROM access_key WHERE id = :key AND (last_used_at IS NULL
            OR last_used_at < clock_timestamp() - interval '30 seconds')
        FOR UPDATE SKIP LOCKED
    )
""")


def note_use(connection: Connection, key: int) -> None:
    """The key is in use now."""
    connection.execute(_NOTE_USE, {"key": key})


def _key(row: RowMapping) -> AccessKey:
    return AccessKey(**{name: row[name] for name in FIELDS} | {"role": Role(row["role"])})
