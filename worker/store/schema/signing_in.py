"""Sessions of the console, and the links by which one signs in."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, LargeBinary, Table, Text

from worker.domain.callers import Role
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of

console_session = Table(
    "console_session",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "digest", LargeBinary, nullable=False, unique=True, comment="of the cookie, which is random"
    ),
    Column("owner", Text, nullable=False, comment="who it is, as the audit names them"),
    Column("role", Text, nullable=False, comment="read, operate or admin"),
    Column("began_at", Timestamp, nullable=False, server_default=NOW),
    Column("expires_at", Timestamp, nullable=False, comment="since when it is of no use"),
    Column("ended_at", Timestamp, comment="signed out; NULL: not yet"),
    Column(
        "access_key",
        BigInteger,
        ForeignKey("access_key.id"),
        comment="it ends with this key; NULL: begun by a link",
    ),
    one_of("role", Role),
    Index("console_session_owner", "owner"),
    comment="Browsers that are signed in to the console.",
)

console_link = Table(
    "console_link",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="of what the link carries"),
    Column("owner", Text, nullable=False, comment="who signs in by it"),
    Column("role", Text, nullable=False, comment="read, operate or admin"),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("expires_at", Timestamp, nullable=False, comment="since when it is of no use"),
    Column("spent_at", Timestamp, comment="it signs in once"),
    one_of("role", Role),
    comment="Links that sign in to the console once.",
)
