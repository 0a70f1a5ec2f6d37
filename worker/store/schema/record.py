"""What was done: attempts with their sids, counts, transitions, and what the providers reported."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.statuses import IN_FLIGHT, AttemptState, Cause, Channel
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of, sql_list
from worker.store.schema.moves import possible_moves

# What a send writes has no foreign keys: it is written from a request that is locked, and who deletes
# requests locks them first. The checks took a tenth of what a send asks of the database.
attempt = Table(
    "attempt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("recipient", BigInteger, nullable=False),
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
    Column("doubted_at", Timestamp),
    Column("accepted_at", Timestamp),
    Column("closed_at", Timestamp),
    Column("sid", Text),
    Column("fold_rank", Integer),
    Column("fold_sequence", Integer),
    Column("fold_name", Text),
    Column("error_code", Text),
    UniqueConstraint("request", "attempt_number"),
    one_of("channel", Channel),
    one_of("state", AttemptState),
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
        postgresql_where=text(f"state IN ({sql_list(IN_FLIGHT)})"),
    ),
    Index(
        "attempt_one_open_per_request",
        "request",
        unique=True,
        postgresql_where=text("state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED') AND NOT late"),
    ),
    Index("attempt_check", "check_at", postgresql_where=text("check_at IS NOT NULL")),
    Index("attempt_batch_began", "batch", "began_at"),
    Index("attempt_late", "request", postgresql_where=text("late")),
    Index(
        "attempt_calls",
        "began_at",
        postgresql_where=text("channel = 'voice' AND state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED')"),
    ),
    postgresql_with={"fillfactor": "50"},
)

sid = Table(
    "sid",
    metadata,
    Column("sid", Text, nullable=False),
    Column("attempt", BigInteger, nullable=False),
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
    Index(
        "request_count_open",
        "batch",
        postgresql_where=text("request_status IN ('PENDING', 'INITIATED', 'CONNECTED')"),
    ),
    postgresql_with={"fillfactor": "50"},
)

begun_count = Table(
    "begun_count",
    metadata,
    Column("campaign", BigInteger, nullable=False),
    Column("quarter", Timestamp, nullable=False),
    Column("slot", SmallInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("campaign", "quarter", "slot"),
    postgresql_with={"fillfactor": "50"},
)
"""Attempts that count, by quarter of an hour: in every zone of the world a day begins with one."""

transition = Table(
    "status_transition",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request", BigInteger, nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("channel_manager_status", Text, nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("cause", Text, nullable=False),
    Column("attempt", BigInteger),
    Column("detail", Text),
    one_of("cause", Cause),
    CheckConstraint(possible_moves(), name="possible"),
    Index("status_transition_request", "request"),
)

# Whom an archived attempt was to: its link and its events go on saying stop for years. A mail's sid is
# kept too, for events that come without our token.
archived_attempt = Table(
    "archived_attempt",
    metadata,
    Column("token", Uuid, primary_key=True),
    Column("recipient", BigInteger, ForeignKey("recipient.id"), nullable=False),
    Column("sid", Text),
    Index("archived_attempt_recipient", "recipient"),
    Index("archived_attempt_sid", "sid", postgresql_where=text("sid IS NOT NULL")),
)

# Acts of people, by the id that the provider gave each: none acts twice, however late it is repeated.
heard_act = Table(
    "heard_act",
    metadata,
    Column("act", Text, primary_key=True),
    Column("heard_at", Timestamp, nullable=False, server_default=NOW),
)

# Texts that say START, each until the provider was asked when it was written; their ids for good.
start_message = Table(
    "start_message",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("identity", Text, nullable=False),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column("next_try_at", Timestamp, server_default=NOW),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Index("start_message_identity", "identity"),
    Index("start_message_due", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
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
