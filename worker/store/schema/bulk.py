"""Deeds over all that match."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.store.schema.conventions import NOW, Timestamp, metadata

bulk_deed = Table(
    "bulk_deed",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("once", Uuid, nullable=False, comment="of the form: sent twice, it is one deed"),
    Column("deed", Text, nullable=False, comment="a word of worker.domain.audit.Deed"),
    Column(
        "batch",
        BigInteger,
        ForeignKey("communication_batch.id"),
        comment="whose requests; NULL: over batches",
    ),
    Column(
        "chosen",
        JSONB,
        nullable=False,
        comment="what they have in common; no target, no variable",
    ),
    Column(
        "most", Integer, nullable=False, comment="the number that was typed: no more than so many"
    ),
    Column("why", Text, comment="the person's own words"),
    Column("started_by", Text, nullable=False, comment="who ordered it"),
    Column(
        "started_at", Timestamp, nullable=False, server_default=NOW, comment="when it was ordered"
    ),
    Column("worked_at", Timestamp, comment="when a portion was last done"),
    Column(
        "after", Text, nullable=False, server_default="", comment="where the next portion begins"
    ),
    Column("done", Integer, nullable=False, server_default="0", comment="how many it was done to"),
    Column(
        "passed",
        Integer,
        nullable=False,
        server_default="0",
        comment="of those that matched, left as they were",
    ),
    Column("finished_at", Timestamp, comment="NULL: it goes on"),
    Column("stopped_by", Text, comment="NULL: nobody has stopped it"),
    Column("fault", Text, comment="why it could not go on"),
    UniqueConstraint("once"),
    Index("bulk_deed_open", "id", postgresql_where=text("finished_at IS NULL")),
    Index("bulk_deed_batch", "batch"),
    comment="One deed over all that match, done a portion at a time by any process of the API.",
)
