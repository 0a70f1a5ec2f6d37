"""Sessions of the console, and the links that sign in once. Only digests are kept."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from worker.domain.callers import Role


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody at a browser: who, and what they may do."""

    owner: str
    role: Role


_OPEN = text("""
    INSERT INTO console_session (digest, owner, role, access_key, expires_at)
    VALUES (:digest, :owner, :role, :key, clock_timestamp() + CAST(:lasting AS interval))
""")
_FORGET = text(
    "DELETE FROM console_session WHERE expires_at < clock_timestamp() - interval '7 days'"
)


def open_session(
    connection: Connection,
    digest: bytes,
    who: SignedIn,
    lasting: timedelta,
    *,
    key: int | None = None,
) -> None:
    """Let this digest be of somebody who is signed in; long ended sessions are forgotten by the way.

    `key`: the one they have shown, with which the session ends.
    """
    connection.execute(_FORGET)
    told = {"digest": digest, "owner": who.owner, "role": who.role, "key": key, "lasting": lasting}
    connection.execute(_OPEN, told)


_KEYS = text("""
    SELECT id, role FROM access_key
    WHERE lower(owner) = lower(:owner) AND campaign_id IS NULL AND revoked_at IS NULL
        AND coalesce(expires_at, 'infinity') > clock_timestamp()
    ORDER BY id
""")


def keys_of(connection: Connection, owner: str) -> list[tuple[int, Role]]:
    """The keys in force of somebody that see all campaigns: the id and the role of each."""
    return [(row.id, Role(row.role)) for row in connection.execute(_KEYS, {"owner": owner})]


_FIND = text("""
    SELECT s.owner, s.role FROM console_session AS s LEFT JOIN access_key AS k ON k.id = s.access_key
    WHERE s.digest = :digest AND s.ended_at IS NULL AND s.expires_at > clock_timestamp()
        AND k.revoked_at IS NULL AND coalesce(k.expires_at, 'infinity') > clock_timestamp()
""")


def find_session(connection: Connection, digest: bytes) -> SignedIn | None:
    """Find who is signed in under this digest, if the session still lasts."""
    row = connection.execute(_FIND, {"digest": digest}).first()
    return None if row is None else SignedIn(row.owner, Role(row.role))


_END = text("""
    UPDATE console_session SET ended_at = clock_timestamp()
    WHERE digest = :digest AND ended_at IS NULL
""")
_END_ALL = text("""
    UPDATE console_session SET ended_at = clock_timestamp()
    WHERE owner = :owner AND ended_at IS NULL
""")


def end_session(connection: Connection, digest: bytes) -> None:
    """End one session."""
    connection.execute(_END, {"digest": digest})


def end_all_sessions(connection: Connection, owner: str) -> int:
    """End every session of somebody. Returns how many."""
    return connection.execute(_END_ALL, {"owner": owner}).rowcount


_FORGET_LINKS = text(
    "DELETE FROM console_link WHERE expires_at < clock_timestamp() - interval '7 days'"
)
_MAKE_LINK = text("""
    INSERT INTO console_link (digest, owner, role, expires_at)
    VALUES (:digest, :owner, :role, clock_timestamp() + CAST(:lasting AS interval))
""")


def make_link(connection: Connection, digest: bytes, who: SignedIn, lasting: timedelta) -> None:
    """Let this digest sign somebody in, once."""
    connection.execute(_FORGET_LINKS)
    told = {"digest": digest, "owner": who.owner, "role": who.role, "lasting": lasting}
    connection.execute(_MAKE_LINK, told)


_SPEND = text("""
    UPDATE console_link SET spent_at = clock_timestamp()
    WHERE digest = :digest AND spent_at IS NULL AND expires_at > clock_timestamp()
    RETURNING owner, role
""")


def spend_link(connection: Connection, digest: bytes) -> SignedIn | None:
    """Spend the link; return whom it signs in, None where it is unknown, spent or too old."""
    row = connection.execute(_SPEND, {"digest": digest}).first()
    return None if row is None else SignedIn(row.owner, Role(row.role))
