"""Files that were taken in and wait to be read."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.store.schema.conventions import NOW, Timestamp, metadata

upload = Table(
    "upload",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch", BigInteger, ForeignKey("communication_batch.id"), nullable=False),
    Column("filename", Text, nullable=False, comment="as its bringer called it"),
    Column("digest", Text, nullable=False, comment="SHA-256 of its bytes: the same file again"),
    Column("size", BigInteger, nullable=False, comment="bytes"),
    Column(
        "received_at",
        Timestamp,
        nullable=False,
        server_default=NOW,
        comment="answered from then on",
    ),
    Column("received_by", Text, nullable=False, comment="whose changes its rows are"),
    Column("finished_at", Timestamp, comment="NULL: its rows are not in the batch yet"),
    Column("fault", Text, comment="why nothing of it was stored"),
    Column("outcome", JSONB(none_as_null=True), comment="what became of its rows"),
    Column("report", Text, comment="CSV of its bad rows: line, column, reason; no cell"),
    Index("upload_waiting", "batch", "id", postgresql_where=text("finished_at IS NULL")),
    Index("upload_batch", "batch"),
    comment="A file of a batch. While one waits, the batch is not finished.",
)

upload_part = Table(
    "upload_part",
    metadata,
    Column("upload", BigInteger, ForeignKey("upload.id"), nullable=False, comment="whose they are"),
    Column("place", Integer, nullable=False, comment="from 0"),
    Column("content", LargeBinary, nullable=False, comment="at most 1 MiB of its bytes"),
    PrimaryKeyConstraint("upload", "place"),
    comment="The bytes of a file that waits; gone once its rows are in the batch.",
)
