"""What steers: messages taken in, dead letters, and halts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.audit import AuditDoor
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of

message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task", Text, nullable=False),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column("digest", Text),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column("settled_at", Timestamp),
    Column("settled_how", Text),
    Column("task", Text),
    Column("message_id", Text),
    Column("digest", Text),
    UniqueConstraint("message_id", "digest"),
    Index("dead_letter_open", "id", postgresql_where=text("settled_at IS NULL")),
)

# Only ever added to: a trigger refuses everything else.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Timestamp, nullable=False, server_default=NOW),
    Column("by", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("why", Text),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    one_of("door", AuditDoor),
    Index("audit_subject", "subject", "id"),
)

# One row: the version of the rules by which every recipient was folded into a person.
fold = Table("fold", metadata, Column("version", Integer, nullable=False))

# One row, once anybody has started to send: the profile that everybody who uses it has.
deployment = Table(
    "deployment",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("profile", Text, nullable=False),
    CheckConstraint("one", name="one"),
)

# Written only to see whether anything can be.
pulse = Table("pulse", metadata, Column("at", Timestamp, nullable=False, server_default=NOW))

# Counted by the doors; never locked for longer than the addition takes.
tally = Table(
    "tally",
    metadata,
    Column("name", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

duty = Table(
    "duty",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_at", Timestamp, nullable=False),
    Column("done_at", Timestamp),
    Column("seconds", Double),
    Column("fault", Text),
)

halt = Table(
    "halt",
    metadata,
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("halted_at", Timestamp, nullable=False, server_default=NOW),
    Column("halted_by", Text, nullable=False),
    PrimaryKeyConstraint("scope", "key"),
    CheckConstraint("scope IN ('all', 'channel', 'campaign')", name="scope"),
)
