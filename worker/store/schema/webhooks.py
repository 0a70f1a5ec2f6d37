"""Events for receivers outside."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from worker.store.schema.conventions import NOW, Timestamp, metadata

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "event",
        UUID,
        nullable=False,
        unique=True,
        comment="its id on the wire: the same at every try",
    ),
    Column("request", BigInteger, ForeignKey("communication_request.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column(
        "body",
        Text,
        nullable=False,
        comment="as text, because a signature is over bytes and every try sends the same ones",
    ),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("next_try_at", Timestamp, comment="NULL: delivered, or given up"),
    Column("tries", SmallInteger, nullable=False, server_default="0", comment="so far"),
    Column("last_tried_at", Timestamp),
    Column("last_answer", Text, comment="a status code, or a kind of error"),
    Column("delivered_at", Timestamp),
    CheckConstraint("delivered_at IS NULL OR next_try_at IS NULL", name="delivered"),
    Index("webhook_delivery_request", "request"),
    Index(
        "webhook_delivery_due",
        "url",
        "next_try_at",
        postgresql_where=text("next_try_at IS NOT NULL"),
    ),
    comment=(
        "What receivers outside are to be told. Inserted by the trigger tell_webhooks "
        "with the change that it tells."
    ),
)
