"""Batches, and when each may claim next."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.store.schema.conventions import NOW, Timestamp, is_open, metadata

batch = Table(
    "communication_batch",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", Text, nullable=False, unique=True, comment="given by whoever created it"),
    Column("campaign_id", BigInteger, ForeignKey("campaign.id"), nullable=False),
    Column("expires_on", Timestamp, comment="nothing begins afterwards; NULL: never"),
    Column(
        "paused", Boolean, nullable=False, server_default=text("false"), comment="by an operator"
    ),
    Column("call_rate", Integer, comment="attempts an hour, instead of the campaign's"),
    Column(
        "auto_call_rate",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the rate that is done by expires_on",
    ),
    Column("auto_call_rate_baseline", Integer, comment="attempts an hour, as first computed"),
    Column("upload_filename", Text),
    Column("error_message", Text, comment="why its upload failed; nothing of it begins"),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column(
        "finished_at",
        Timestamp,
        comment="since when every request is final; NULL where work came back",
    ),
    Column("archived_at", Timestamp, comment="since when its requests are in a file instead"),
    Column("deleted_at", Timestamp, comment="what waits is closed, what is under way lives on"),
    Column("deleted_reason", Text),
    Column("last_updated_at", Timestamp, nullable=False, server_default=NOW),
    Column("last_updated_by", Text, nullable=False, comment="a person, or the door it came by"),
    Column(
        "created_as",
        JSONB(none_as_null=True),
        comment="the fields it was created with: tells a repetition from a conflict",
    ),
    Column("starts_at", Timestamp, comment="nothing begins before; NULL: as soon as it may"),
    Column("traceparent", Text, comment="of the message or call that created it, by W3C"),
    CheckConstraint(r"batch_id ~ '^[A-Za-z0-9._-]{1,128}$'", name="batch_id"),
    CheckConstraint("call_rate BETWEEN 1 AND 3600", name="call_rate"),
    CheckConstraint("starts_at < expires_on", name="starts_at"),
    CheckConstraint("NOT auto_call_rate OR expires_on IS NOT NULL", name="auto_call_rate"),
    CheckConstraint("(deleted_at IS NULL) = (deleted_reason IS NULL)", name="deleted"),
    Index(
        "communication_batch_open",
        "id",
        postgresql_where=text(is_open()),
    ),
    Index("communication_batch_campaign", "campaign_id"),
    Index("communication_batch_unfinished", "id", postgresql_where=text("finished_at IS NULL")),
    comment=(
        "Requests of a campaign that came together. Triggers: pace_new_batch gives it "
        "its row in batch_pace, wake_batch lets that look at once where an UPDATE "
        "opens the batch."
    ),
)

batch_pace = Table(
    "batch_pace",
    metadata,
    Column("batch", BigInteger, ForeignKey("communication_batch.id"), primary_key=True),
    Column(
        "channel",
        Text,
        nullable=False,
        comment="copied from the campaign's mode: a scan is of one channel",
    ),
    Column(
        "next_claim_at",
        Timestamp,
        nullable=False,
        server_default=NOW,
        comment="infinity: asleep until a trigger wakes it",
    ),
    Column(
        "allowance",
        Double,
        nullable=False,
        server_default="1",
        comment="requests that its rate allows by now and it has not claimed",
    ),
    Column("allowance_at", Timestamp, comment="as of when"),
    Column(
        "claimed_at",
        Timestamp,
        comment="when it last found work: an idle batch is looked at less often",
    ),
    Column(
        "grants",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment=(
            "[lease's end, n]: what is claimed and may still become attempts counts "
            "against daily caps"
        ),
    ),
    Column(
        "late",
        Integer,
        comment="requests not expected to be attempted before expires_on; NULL: none",
    ),
    Column(
        "mode",
        Text,
        Computed("channel", persisted=True),
        comment="the channel, for schedulers of a release that calls it so",
    ),
    Index("batch_pace_due", "channel", "next_claim_at"),
    Index("batch_pace_late", "batch", postgresql_where=text("late IS NOT NULL")),
    postgresql_with={"fillfactor": "50"},
    comment=(
        "When a batch may claim next: read by every tick, and not on the batch's row, "
        "which begin locks. Written by scans; triggers: pace_new_batch inserts it, "
        "wake_batch, wake_campaign and wake_queued set next_claim_at."
    ),
)
