"""The audit: who did what, and the seals under it."""

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.audit import AuditDoor
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Timestamp, nullable=False, server_default=NOW),
    Column("by", Text, nullable=False, comment="a person, or a part of this house"),
    Column("door", Text, nullable=False, comment="a word of worker.domain.audit.AuditDoor"),
    Column("deed", Text, nullable=False, comment="a word of worker.domain.audit.Deed"),
    Column("subject", Text, nullable=False, comment="what it was done to"),
    Column("why", Text, comment="the person's own words"),
    Column(
        "detail",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="counts and names of fields; no values",
    ),
    Column(
        "before", JSONB(none_as_null=True), comment="fields of a batch or campaign that changed"
    ),
    Column("after", JSONB(none_as_null=True), comment="the same fields since; never of a person"),
    one_of("door", AuditDoor),
    Index("audit_subject", "subject", "id"),
    comment=(
        "Who did what, when, through which door and why. Triggers: audit_stays, it is "
        "only ever added to; wait_for_seal, each row waits for its seal."
    ),
)

audit_unsealed = Table(
    "audit_unsealed",
    metadata,
    Column("entry", BigInteger, primary_key=True, autoincrement=False, comment="of the audit"),
    Column("xact", BigInteger, nullable=False, comment="the transaction that it came with"),
    comment="What waits for its seal, which nobody who acts waits for. Written by the trigger wait_for_seal.",
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True, comment="in the chain"),
    Column("entry", BigInteger, nullable=False, unique=True, comment="of the audit"),
    Column("digest", LargeBinary, nullable=False, comment="of the seal before and the entry"),
    Column("sealed_at", Timestamp, nullable=False, server_default=NOW, comment="by the duty seal"),
    comment=(
        "The audit's hash chain: an entry that was altered or removed breaks it. "
        "Trigger audit_seal_stays: it is only ever added to."
    ),
)
