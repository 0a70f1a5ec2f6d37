"""The tables, and what must never be true of them.

Three habits explain the shapes:

* Counts, pacing and other facts that change with every send never live on the batch row, which
  begin locks; and no index names a request column that dispatch changes, so its updates stay HOT.
* A row of `queue` exists exactly while its request is PENDING; the due time lives only there.
* Where a state implies a column, a CHECK says so; where only one may exist, a unique index does.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from worker.domain.statuses import (
    FINAL,
    IN_FLIGHT,
    AttemptState,
    Cause,
    ChannelStatus,
    Mode,
    RequestStatus,
    SuppressReason,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

Timestamp = DateTime(timezone=True)
NOW = func.clock_timestamp()


def _listed(values: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({_listed(values)})", name=column)


campaign = Table(
    "campaign",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("campaign_name", Text, nullable=False, unique=True),
    Column("description", Text),
    Column("mode", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("caller_id", Text),
    Column("campaign_variables", JSONB, nullable=False, server_default=text("'{}'")),
    Column("daily_start_time", Time, nullable=False),
    Column("daily_end_time", Time, nullable=False),
    Column("active_days", ARRAY(Text), nullable=False),
    Column("timezone", Text, nullable=False),
    Column("default_region", Text, nullable=False, server_default="US"),
    Column("hourly_rate", Integer),
    Column("max_daily_calls", Integer),
    Column("retry_count", Integer, nullable=False, server_default="0"),
    Column("retry_interval", Interval, nullable=False, server_default=text("'30 minutes'")),
    Column("voicemail_detection", JSONB(none_as_null=True)),
    Column("resend_in_doubt", Boolean, nullable=False, server_default=text("false")),
    Column("labels", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("webhooks", JSONB, nullable=False, server_default=text("'[]'")),
    Column("twiml", Text),
    Column("url", Text),
    Column("body", Text),
    Column("subject", Text),
    Column("html", Text),
    Column("text", Text),
    Column("template_id", Text),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("updated_at", Timestamp, nullable=False, server_default=NOW),
    Column("last_updated_by", Text, nullable=False),
    _one_of("mode", Mode),
    CheckConstraint("hourly_rate BETWEEN 1 AND 3600", name="hourly_rate"),
    CheckConstraint("max_daily_calls > 0", name="max_daily_calls"),
    CheckConstraint("retry_count BETWEEN 0 AND 100", name="retry_count"),
    CheckConstraint("retry_interval >= interval '0'", name="retry_interval"),
    CheckConstraint(
        "CASE mode WHEN 'voice' THEN num_nonnulls(twiml, url) = 1"
        " WHEN 'sms' THEN body IS NOT NULL"
        " ELSE template_id IS NOT NULL OR (subject IS NOT NULL AND num_nonnulls(html, text) > 0) END",
        name="content",
    ),
)

batch = Table(
    "communication_batch",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", Text, nullable=False, unique=True),
    Column("campaign_id", BigInteger, ForeignKey("campaign.id"), nullable=False),
    Column("expires_on", Timestamp),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("call_rate", Integer),
    Column("auto_call_rate", Boolean, nullable=False, server_default=text("false")),
    Column("auto_call_rate_baseline", Integer),
    Column("upload_filename", Text),
    Column("error_message", Text),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("finished_at", Timestamp),
    Column("deleted_at", Timestamp),
    Column("deleted_reason", Text),
    Column("last_updated_at", Timestamp, nullable=False, server_default=NOW),
    Column("last_updated_by", Text, nullable=False),
    CheckConstraint(r"batch_id ~ '^[A-Za-z0-9._-]{1,128}$'", name="batch_id"),
    CheckConstraint("call_rate BETWEEN 1 AND 3600", name="call_rate"),
    CheckConstraint("NOT auto_call_rate OR expires_on IS NOT NULL", name="auto_call_rate"),
    CheckConstraint("(deleted_at IS NULL) = (deleted_reason IS NULL)", name="deleted"),
    Index(
        "communication_batch_open",
        "id",
        postgresql_where=text(
            "NOT paused AND deleted_at IS NULL AND finished_at IS NULL AND error_message IS NULL"
        ),
    ),
    Index("communication_batch_campaign", "campaign_id"),
)

recipient = Table(
    "recipient",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("suppressed_at", Timestamp),
    Column("suppress_reason", Text),
    Column("suppress_source", Text),
    UniqueConstraint("channel", "address"),
    _one_of("channel", Mode),
    _one_of("suppress_reason", SuppressReason),
    CheckConstraint("(suppressed_at IS NULL) = (suppress_reason IS NULL)", name="suppressed"),
)

request = Table(
    "communication_request",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch", BigInteger, ForeignKey("communication_batch.id"), nullable=False),
    Column("recipient", BigInteger, ForeignKey("recipient.id")),
    Column("attempt", BigInteger),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("sent_at", Timestamp),
    Column("session_id", BigInteger),
    Column("conversation_id", BigInteger),
    Column("attempt_count", SmallInteger, nullable=False, server_default="0"),
    Column("extra_attempts", SmallInteger, nullable=False, server_default="0"),
    Column("is_duplicate", Boolean, nullable=False, server_default=text("false")),
    Column("reference_id", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("address", Text),
    Column("request_variables", JSONB, nullable=False),
    Column("request_status", Text, nullable=False),
    Column("channel_manager_status", Text, nullable=False),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("call_manager_sid", Text),
    Column("moved_by", Text, nullable=False),
    Column("moved_why", Text),
    UniqueConstraint("batch", "reference_id"),
    _one_of("request_status", RequestStatus),
    _one_of("channel_manager_status", ChannelStatus),
    _one_of("moved_by", Cause),
    CheckConstraint("attempt_count >= 0", name="attempt_count"),
    CheckConstraint("is_duplicate = (request_status = 'DUPLICATE')", name="duplicate"),
    CheckConstraint("(recipient IS NULL) = (address IS NULL)", name="address"),
    CheckConstraint("address IS NOT NULL OR request_status = 'INVALID'", name="reachable"),
    CheckConstraint(
        "attempt IS NOT NULL OR request_status NOT IN ('INITIATED', 'CONNECTED', 'COMPLETED')",
        name="attempted",
    ),
    Index(
        "communication_request_one_per_address",
        "batch",
        "address",
        unique=True,
        postgresql_where=text("NOT is_duplicate AND address IS NOT NULL"),
    ),
    Index("communication_request_recipient", "recipient"),
    postgresql_with={"fillfactor": "50"},
)

queue = Table(
    "queue",
    metadata,
    Column("request", BigInteger, ForeignKey("communication_request.id"), primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("due_at", Timestamp, nullable=False),
    Column("lease_token", Uuid),
    Column("lease_until", Timestamp),
    Column("claims", SmallInteger, nullable=False, server_default="0"),
    CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name="lease"),
    Index("queue_due", "batch", "due_at", "request"),
    postgresql_with={"fillfactor": "50"},
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request", BigInteger, ForeignKey("communication_request.id"), nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("recipient", BigInteger, ForeignKey("recipient.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("attempt_number", SmallInteger, nullable=False),
    Column("token", Uuid, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("counted", Boolean, nullable=False, server_default=text("true")),
    Column("late", Boolean, nullable=False, server_default=text("false")),
    Column("began_at", Timestamp, nullable=False, server_default=NOW),
    Column("send_by", Timestamp, nullable=False),
    Column("check_at", Timestamp),
    Column("checks", SmallInteger, nullable=False, server_default="0"),
    Column("accepted_at", Timestamp),
    Column("closed_at", Timestamp),
    Column("sid", Text),
    Column("fold_rank", Integer),
    Column("fold_sequence", Integer),
    Column("fold_name", Text),
    Column("error_code", Text),
    UniqueConstraint("request", "attempt_number"),
    _one_of("channel", Mode),
    _one_of("state", AttemptState),
    CheckConstraint("counted = (state <> 'NOT_SENT')", name="counted"),
    CheckConstraint("state <> 'ACCEPTED' OR sid IS NOT NULL", name="accepted"),
    CheckConstraint(
        "(closed_at IS NULL) = (state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED'))", name="closed"
    ),
    CheckConstraint("(check_at IS NULL) = (closed_at IS NOT NULL)", name="somebody_looks"),
    CheckConstraint("num_nulls(fold_rank, fold_sequence, fold_name) IN (0, 3)", name="fold"),
    Index(
        "attempt_one_in_flight_per_recipient",
        "recipient",
        unique=True,
        postgresql_where=text(f"state IN ({_listed(IN_FLIGHT)})"),
    ),
    Index(
        "attempt_one_open_per_request",
        "request",
        unique=True,
        postgresql_where=text("state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED') AND NOT late"),
    ),
    Index("attempt_check", "check_at", postgresql_where=text("check_at IS NOT NULL")),
    Index("attempt_batch", "batch"),
    postgresql_with={"fillfactor": "50"},
)

sid = Table(
    "sid",
    metadata,
    Column("sid", Text, nullable=False),
    Column("attempt", BigInteger, ForeignKey("attempt.id"), nullable=False),
    PrimaryKeyConstraint("sid", "attempt"),
)

request_count = Table(
    "request_count",
    metadata,
    Column("batch", BigInteger, ForeignKey("communication_batch.id"), nullable=False),
    Column("request_status", Text, nullable=False),
    Column("channel_manager_status", Text, nullable=False),
    Column("slot", SmallInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("batch", "request_status", "channel_manager_status", "slot"),
    postgresql_with={"fillfactor": "50"},
)

transition = Table(
    "status_transition",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request", BigInteger, ForeignKey("communication_request.id"), nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("channel_manager_status", Text, nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("cause", Text, nullable=False),
    Column("attempt", BigInteger),
    Column("detail", Text),
    _one_of("cause", Cause),
    CheckConstraint("from_status IS DISTINCT FROM to_status", name="moved"),
    Index("status_transition_request", "request"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("provider", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column("token", Uuid),
    Column("sid", Text),
    Column("report", JSONB, nullable=False),
    Column("attempt", BigInteger),
    Column("applied_at", Timestamp),
    Column("next_try_at", Timestamp),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("provider", "key"),
    Index("inbox_unapplied", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
    Index("inbox_attempt", "attempt"),
)

message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task", Text, nullable=False),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
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

OPEN_STATUSES = tuple(sorted(set(RequestStatus) - FINAL))
