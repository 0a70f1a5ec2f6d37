"""Campaigns: the words, and to whom they may be said and when."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    Interval,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from worker.domain.statuses import (
    Channel,
)
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of

campaign = Table(
    "campaign",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("campaign_name", Text, nullable=False, unique=True),
    Column("description", Text),
    Column("mode", Text, nullable=False, comment="the channel: voice, sms or email"),
    Column("source", Text, nullable=False, comment="the number or mailbox it is sent from"),
    Column("caller_id", Text, comment="voice: the number that is shown instead of source"),
    Column(
        "campaign_variables",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="for the templates; a request's own win",
    ),
    Column(
        "daily_start_time",
        Time,
        nullable=False,
        comment="local to timezone; the window may not pass midnight",
    ),
    Column(
        "daily_end_time", Time, nullable=False, comment="the first moment that is outside again"
    ),
    Column("active_days", ARRAY(Text), nullable=False, comment="mon to sun"),
    Column("timezone", Text, nullable=False, comment="IANA name"),
    Column(
        "holidays",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="dates without a window",
    ),
    Column(
        "date_overrides",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="date: the window that holds on it instead",
    ),
    Column(
        "recipient_hours",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="voice and sms: ask the recipient's own clock too",
    ),
    Column(
        "recipient_start_time",
        Time,
        nullable=False,
        server_default=text("'09:00:00'"),
        comment="local to the recipient",
    ),
    Column(
        "recipient_end_time",
        Time,
        nullable=False,
        server_default=text("'20:00:00'"),
        comment="local to the recipient",
    ),
    Column(
        "default_region",
        Text,
        nullable=False,
        server_default="US",
        comment="of numbers that are written without a country",
    ),
    Column(
        "allowed_regions",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="empty: all",
    ),
    Column(
        "refused_line_types",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="kinds of numbers that are skipped; empty: none",
    ),
    Column(
        "allow_costly_numbers",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="premium rate and the like",
    ),
    Column(
        "hourly_rate", Integer, comment="attempts an hour that a batch may claim; NULL: any number"
    ),
    Column(
        "max_daily_calls", Integer, comment="attempts of all its batches in a day of its timezone"
    ),
    Column(
        "frequency_cap",
        Integer,
        comment="attempts to one recipient within frequency_days, of whatever campaign",
    ),
    Column(
        "frequency_days", Integer, nullable=False, server_default="7", comment="see frequency_cap"
    ),
    Column(
        "retry_count",
        Integer,
        nullable=False,
        server_default="0",
        comment="attempts after the first",
    ),
    Column(
        "retry_interval",
        Interval,
        nullable=False,
        server_default=text("'30 minutes'"),
        comment="from an outcome to the next attempt",
    ),
    Column(
        "retry_on",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{busy,no-answer,failed,soft-bounce}'"),
        comment="outcomes that are tried again",
    ),
    Column(
        "retry_delays",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="outcome: an interval of its own",
    ),
    Column(
        "voicemail_detection",
        JSONB(none_as_null=True),
        comment="what happens where a machine answers; NULL: it is not asked who does",
    ),
    Column(
        "resend_in_doubt",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="email: send again what nobody knows to have been sent",
    ),
    Column(
        "labels",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="free text, for lists and metrics",
    ),
    Column(
        "webhooks",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="receivers: url, and the statuses each is told",
    ),
    Column("twiml", Text, comment="voice: what is played; or url"),
    Column("url", Text, comment="voice: where the provider fetches it"),
    Column("body", Text, comment="sms: a template"),
    Column("subject", Text, comment="email: a template"),
    Column("html", Text, comment="email: a template"),
    Column("text", Text, comment="email: a template"),
    Column(
        "template_id", Text, comment="email: of the provider; instead of subject, html and text"
    ),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column("updated_at", Timestamp, nullable=False, server_default=NOW),
    Column("last_updated_by", Text, nullable=False, comment="a person, or the door it came by"),
    Column(
        "created_as",
        JSONB(none_as_null=True),
        comment="the fields it was created with: tells a repetition from a conflict",
    ),
    Column("deleted_at", Timestamp, comment="nothing begins in its name; its own name is free"),
    Column(
        "weekday_hours",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="mon to sun: the window that holds on it instead",
    ),
    Column(
        "daily_caps",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="date or mon to sun: max_daily_calls of that day; 0 closes it",
    ),
    Column(
        "version", Integer, nullable=False, server_default="1", comment="counts its edits, from 1"
    ),
    Column(
        "account",
        Text,
        nullable=False,
        server_default=text("'main'"),
        comment="of the providers, by its name in ACCOUNTS_FILE",
    ),
    Column(
        "pool",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="what it is sent from: sources with their weights; empty: from source alone",
    ),
    Column(
        "accounts",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="in order: account, and those that send when it can't; empty: account alone",
    ),
    Column(
        "account_sources",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="by account: what it sends from instead of source",
    ),
    Index("campaign_with_webhooks", "id", postgresql_where=text("webhooks <> '[]'")),
    one_of("mode", Channel),
    CheckConstraint("hourly_rate BETWEEN 1 AND 3600", name="hourly_rate"),
    CheckConstraint("max_daily_calls > 0", name="max_daily_calls"),
    CheckConstraint("frequency_cap > 0 AND frequency_days > 0", name="frequency"),
    CheckConstraint("retry_count BETWEEN 0 AND 100", name="retry_count"),
    CheckConstraint("retry_interval >= interval '0'", name="retry_interval"),
    CheckConstraint(
        "CASE mode WHEN 'voice' THEN num_nonnulls(twiml, url) = 1"
        " WHEN 'sms' THEN body IS NOT NULL"
        " ELSE template_id IS NOT NULL OR (subject IS NOT NULL AND num_nonnulls(html, text) > 0) END",
        name="content",
    ),
    comment=(
        "What is said, to whom it may be said and when. Trigger wake_campaign: an "
        "edit wakes its batches."
    ),
)
