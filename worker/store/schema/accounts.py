"""The health of accounts at the providers."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from worker.store.schema.conventions import NOW, Timestamp, metadata

account_answers = Table(
    "account_answers",
    metadata,
    Column("account", Text, nullable=False, comment="by its name in ACCOUNTS_FILE, or main"),
    Column("channel", Text, nullable=False),
    Column("second", Timestamp, nullable=False, comment="in which they came"),
    Column(
        "slot",
        SmallInteger,
        nullable=False,
        comment="spreads a count over rows, so that writers rarely wait",
    ),
    Column("asked", Integer, nullable=False, comment="answers, good and bad"),
    Column("failed", Integer, nullable=False, comment="could not be reached, or in doubt"),
    Column("slow", Integer, nullable=False, comment="good, and took long"),
    PrimaryKeyConstraint("account", "channel", "second", "slot"),
    comment=(
        "Answers of providers' accounts by the second, of campaigns that list several; kept for a "
        "window."
    ),
)

account_health = Table(
    "account_health",
    metadata,
    Column("account", Text, nullable=False, comment="by its name in ACCOUNTS_FILE, or main"),
    Column("channel", Text, nullable=False),
    Column(
        "share",
        SmallInteger,
        nullable=False,
        comment="of a hundred requests of campaigns that list several accounts",
    ),
    Column(
        "since", Timestamp, nullable=False, server_default=NOW, comment="when that changed last"
    ),
    Column("falls", SmallInteger, nullable=False, comment="in a row, since it was given all"),
    Column("why", Text, nullable=False, comment="it changed: a sentence"),
    PrimaryKeyConstraint("account", "channel"),
    CheckConstraint("share BETWEEN 0 AND 100", name="share"),
    comment="What accounts are given to send that were ever given less than all; no row: all.",
)
