"""The keys that programs and people show at the doors which take them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.callers import Role
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of

access_key = Table(
    "access_key",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, comment="given by whoever created it"),
    Column(
        "digest", LargeBinary, nullable=False, unique=True, comment="of the key, which nobody keeps"
    ),
    Column("owner", Text, nullable=False, comment="a mailbox: last_updated_by of what it changes"),
    Column("role", Text, nullable=False, comment="read, operate or admin"),
    Column(
        "campaign_id",
        BigInteger,
        ForeignKey("campaign.id"),
        comment="the only one that it may see; NULL: all",
    ),
    Column("per_second", Integer, nullable=False, comment="calls, at each process that takes it"),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("created_by", Text, nullable=False, comment="a mailbox"),
    Column("expires_at", Timestamp, comment="refused from then on; NULL: never"),
    Column("last_used_at", Timestamp, comment="to a minute"),
    Column("revoked_at", Timestamp, comment="refused since then"),
    Column("revoked_by", Text, comment="a mailbox"),
    one_of("role", Role),
    CheckConstraint("per_second > 0", name="per_second"),
    CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
    Index("access_key_name", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
    comment="Who may ask, and for what. Rows stay: the audit names them.",
)

once_call = Table(
    "once_call",
    metadata,
    Column("owner", Text, nullable=False, comment="of the key that it was made with"),
    Column("route", Text, nullable=False, comment="scope of the key, and path"),
    Column("key", Text, nullable=False, comment="the header Idempotency-Key"),
    Column("digest", LargeBinary, nullable=False, comment="of its body, which is not kept"),
    Column("begun_at", Timestamp, nullable=False, server_default=NOW, comment="by whom is at it"),
    Column("status", SmallInteger, comment="of the answer; NULL: somebody is at it"),
    Column(
        "answer",
        JSONB(none_as_null=True),
        comment="what it is named by; no secret, and nothing of a person",
    ),
    PrimaryKeyConstraint("owner", "route", "key"),
    comment="Calls that have their effect once, however often they are made; kept as messages are.",
)
