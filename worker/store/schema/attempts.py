"""Attempts, and the providers' reports on them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
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

from worker.domain.statuses import (
    IN_FLIGHT,
    AttemptState,
    Channel,
)
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of, sql_list

# What a send writes has no foreign keys: it is written from a request that is locked, and who deletes
# requests locks them first. The checks took a tenth of what a send asks of the database.
attempt = Table(
    "attempt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("recipient", BigInteger, nullable=False),
    Column("channel", Text, nullable=False, comment="voice, sms or email"),
    Column("source", Text, nullable=False, comment="the number or mailbox it is sent from"),
    Column("attempt_number", SmallInteger, nullable=False, comment="of its request, from 1"),
    Column(
        "token",
        Uuid,
        nullable=False,
        unique=True,
        comment="what it is known by on the wire: comes back with every report",
    ),
    Column("state", Text, nullable=False),
    Column(
        "counted",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="false: proven never sent, it uses up no retry",
    ),
    Column(
        "late",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment=(
            "evidence for it came when its request had moved on: the request's newer attempt stands"
        ),
    ),
    Column("began_at", Timestamp, nullable=False, server_default=NOW),
    Column(
        "send_by",
        Timestamp,
        nullable=False,
        comment="a worker that is later than this does not send it",
    ),
    Column(
        "check_at", Timestamp, comment="when somebody looks what became of it; NULL: it is over"
    ),
    Column(
        "checks",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="looks that found nothing so far",
    ),
    Column(
        "doubted_at", Timestamp, comment="since when it may or may not have reached the provider"
    ),
    Column("accepted_at", Timestamp, comment="when the provider's sid came"),
    Column("closed_at", Timestamp, comment="since when nothing more is expected of it"),
    Column("sid", Text, comment="the first id that the provider gave it; all of them are in sid"),
    Column(
        "fold_rank",
        Integer,
        comment=(
            "position of the newest report applied, with the two below: an older one "
            "changes nothing"
        ),
    ),
    Column("fold_sequence", Integer, comment="see fold_rank"),
    Column("fold_name", Text, comment="see fold_rank; the event's name"),
    Column("error_code", Text, comment="the provider's, or ours"),
    Column(
        "campaign_version",
        Integer,
        comment="of the campaign, whose words it said; NULL: begun by a release that did not say",
    ),
    Column(
        "account",
        Text,
        nullable=False,
        server_default=text("'main'"),
        comment="of the providers, by which it was sent and is looked for",
    ),
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
    comment=(
        "One try to contact somebody, written before the provider is asked. Begun by "
        "begin_attempts alone. Trigger count_begun counts it in begun_count, "
        "trigger note_removed notes in youngest_removed how young it was deleted."
    ),
)

sid = Table(
    "sid",
    metadata,
    Column("sid", Text, nullable=False, comment="as the provider wrote it"),
    Column("attempt", BigInteger, nullable=False),
    PrimaryKeyConstraint("sid", "attempt"),
    comment=(
        "Every id that a provider gave an attempt; a mail's may be shared by the "
        "recipients of its group."
    ),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("provider", Text, nullable=False, comment="by its channel: voice, sms or email"),
    Column("key", Text, nullable=False, comment="tells a repetition"),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column("token", Uuid, comment="of the attempt, if the provider carried it back"),
    Column("sid", Text, comment="the provider's id, as reported"),
    Column("report", JSONB, nullable=False, comment="as the domain reads it; no target"),
    Column("attempt", BigInteger, comment="NULL: fits none yet"),
    Column("applied_at", Timestamp, comment="since when it has had its effect, which may be none"),
    Column("next_try_at", Timestamp, comment="NULL: applied, or given up"),
    Column("tries", SmallInteger, nullable=False, server_default="0", comment="so far"),
    UniqueConstraint("provider", "key"),
    Index("inbox_unapplied", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
    Index("inbox_attempt", "attempt"),
    Index(
        "inbox_spent",
        "received_at",
        postgresql_where=text("attempt IS NULL AND next_try_at IS NULL"),
    ),
    comment="What providers reported, each once.",
)

unjudged = Table(
    "unjudged",
    metadata,
    Column("attempt", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "fault", Text, nullable=False, comment="the kind of error; what it says may name people"
    ),
    Column("times", Integer, nullable=False, server_default="1", comment="looks in a row"),
    Column("noted_at", Timestamp, nullable=False, server_default=NOW, comment="since when"),
    comment=(
        "Attempts that the rescuer could not judge when it last looked; one that is over counts no more."
    ),
)
