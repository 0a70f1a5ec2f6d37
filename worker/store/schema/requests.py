"""Requests, and the queue of those that wait."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.statuses import (
    Cause,
    ChannelStatus,
    RequestStatus,
)
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of

request = Table(
    "communication_request",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch", BigInteger, ForeignKey("communication_batch.id"), nullable=False),
    Column(
        "recipient",
        BigInteger,
        ForeignKey("recipient.id"),
        comment="NULL: the target is no address",
    ),
    Column("attempt", BigInteger, comment="the latest; without a foreign key, as a send writes it"),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("sent_at", Timestamp, comment="when the provider accepted the latest attempt"),
    Column(
        "session_id",
        BigInteger,
        comment="of the conversation that the recipient began, as its system told us",
    ),
    Column("conversation_id", BigInteger, comment="as session_id"),
    Column(
        "attempt_count",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="attempts that count: all but those proven never sent",
    ),
    Column(
        "extra_attempts",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="allowed beyond the campaign's: calls that never rang, an operator's retry",
    ),
    Column(
        "is_duplicate",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the batch has the same recipient in an earlier row",
    ),
    Column(
        "reference_id",
        Text,
        nullable=False,
        comment="given by whoever asked for it; unique in its batch",
    ),
    Column("target", Text, nullable=False, comment="as it was written"),
    Column("address", Text, comment="as it is dialed or mailed: E.164, or a mailbox"),
    Column("request_variables", JSONB, nullable=False, comment="for the templates"),
    Column("request_status", Text, nullable=False),
    Column(
        "channel_manager_status",
        Text,
        nullable=False,
        comment="the outcome in detail, in the wire's spelling",
    ),
    Column("error_code", Text, comment="the provider's, or ours"),
    Column("error_message", Text, comment="a sentence that quotes no value"),
    Column("call_manager_sid", Text, comment="the provider's id of the latest attempt"),
    Column(
        "moved_by",
        Text,
        nullable=False,
        comment="who or what made the last change of status; the history copies it",
    ),
    Column("moved_why", Text, comment="the history's detail"),
    UniqueConstraint("batch", "reference_id"),
    one_of("request_status", RequestStatus),
    one_of("channel_manager_status", ChannelStatus),
    one_of("moved_by", Cause),
    CheckConstraint("attempt_count >= 0", name="attempt_count"),
    CheckConstraint("is_duplicate = (request_status = 'DUPLICATE')", name="duplicate"),
    CheckConstraint("(recipient IS NULL) = (address IS NULL)", name="address"),
    CheckConstraint("address IS NOT NULL OR request_status = 'INVALID'", name="reachable"),
    CheckConstraint(
        "attempt IS NOT NULL OR request_status NOT IN ('INITIATED', 'CONNECTED', 'COMPLETED')",
        name="attempted",
    ),
    Index(
        "communication_request_one_per_recipient",
        "batch",
        "recipient",
        unique=True,
        postgresql_where=text("NOT is_duplicate AND recipient IS NOT NULL"),
    ),
    Index("communication_request_recipient", "recipient"),
    postgresql_with={"fillfactor": "50"},
    comment=(
        "Somebody to be contacted, once. Triggers: note_arrivals and note_moves write "
        "each change of its status to status_transition and request_count."
    ),
)

queue = Table(
    "queue",
    metadata,
    Column("request", BigInteger, ForeignKey("communication_request.id"), primary_key=True),
    Column("batch", BigInteger, nullable=False, comment="copied from the request, for the index"),
    Column("due_at", Timestamp, nullable=False),
    Column(
        "lease_token", Uuid, comment="whoever claimed it; begin starts nothing under another one"
    ),
    Column("lease_until", Timestamp, comment="afterwards it may be claimed again"),
    Column(
        "claims",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment=(
            "how often a worker began with it and was not heard of again: finds what kills workers"
        ),
    ),
    Column(
        "group_limit",
        SmallInteger,
        comment="email: how many may share a provider's request, after a larger group was refused",
    ),
    Column(
        "faults",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="begins that the database refused for its data",
    ),
    CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name="lease"),
    Index("queue_due", "batch", "due_at", "request"),
    postgresql_with={"fillfactor": "50"},
    comment=(
        "One row exactly while a request is PENDING; the due time lives only here. "
        "Trigger wake_queued: an INSERT lets its batch look in time."
    ),
)
