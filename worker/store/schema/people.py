"""Recipients, and the acts by which somebody is not to be contacted any more."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from worker.domain.statuses import (
    Channel,
    SuppressReason,
)
from worker.store.schema.conventions import NOW, Timestamp, metadata, one_of, sql_list

recipient = Table(
    "recipient",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column(
        "identity",
        Text,
        nullable=False,
        comment="what all spellings of an address fold into: E.164, or a mailbox",
    ),
    Column("created_at", Timestamp, nullable=False, server_default=NOW),
    Column(
        "suppressed_at",
        Timestamp,
        comment="begin asks this; written with the rows of suppression, which say why",
    ),
    Column("suppress_reason", Text, comment="of the suppressions in force, the one that counts"),
    UniqueConstraint("channel", "identity"),
    one_of("channel", Channel),
    one_of("suppress_reason", SuppressReason),
    CheckConstraint("(suppressed_at IS NULL) = (suppress_reason IS NULL)", name="suppressed"),
    comment="A person on a channel, however often and in whatever spelling they were imported.",
)

suppression = Table(
    "suppression",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("identity", Text, nullable=False, comment="as in recipient"),
    Column("channels", ARRAY(Text), nullable=False, comment="on which it counts"),
    Column("reason", Text, nullable=False),
    Column(
        "source",
        Text,
        nullable=False,
        comment="where the act came from: stop, one-click, provider, operator, an event's name",
    ),
    Column(
        "act",
        Text,
        nullable=False,
        comment="its id at the source: it acts once, however often it is told",
    ),
    Column("by", Text, comment="who asked for it in somebody else's name"),
    Column("at", Timestamp, nullable=False, server_default=NOW),
    Column("lifted_at", Timestamp, comment="since when it is not in force"),
    Column("lifted_by", Text),
    Column("lifted_why", Text),
    UniqueConstraint("identity", "source", "act"),
    one_of("reason", SuppressReason),
    CheckConstraint(f"channels <@ ARRAY[{sql_list(Channel)}]", name="channels"),
    CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
    comment=(
        "One row for each act by which somebody is not to be contacted. What is in "
        "force stands in recipient too. Trigger count_suppressions counts them."
    ),
)

archived_attempt = Table(
    "archived_attempt",
    metadata,
    Column("token", Uuid, primary_key=True, comment="of the attempt"),
    Column("recipient", BigInteger, ForeignKey("recipient.id"), nullable=False),
    Column("sid", Text, comment="for events without our token, and of another contact"),
    Index("archived_attempt_recipient", "recipient"),
    Index("archived_attempt_sid", "sid", postgresql_where=text("sid IS NOT NULL")),
    comment=(
        "Whom an archived attempt was to: its link and its events go on saying stop for years."
    ),
)

heard_act = Table(
    "heard_act",
    metadata,
    Column("act", Text, primary_key=True, comment="the id that the provider gave it"),
    Column("heard_at", Timestamp, nullable=False, server_default=NOW),
    comment=(
        "Acts of people that were heard, so that none acts twice, however late it is repeated."
    ),
)

start_message = Table(
    "start_message",
    metadata,
    Column("sid", Text, primary_key=True, comment="of the text"),
    Column("identity", Text, nullable=False, comment="who wrote it, as in recipient"),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column("next_try_at", Timestamp, server_default=NOW, comment="NULL: asked"),
    Column("tries", SmallInteger, nullable=False, server_default="0", comment="so far"),
    Index("start_message_identity", "identity"),
    Index("start_message_due", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
    comment="Texts that say START, each until the provider was asked when it was written.",
)

kept_source = Table(
    "kept_source",
    metadata,
    Column("recipient", BigInteger, nullable=False),
    Column("campaign", BigInteger, nullable=False, comment="whose pool it was chosen from"),
    Column(
        "source", Text, nullable=False, comment="a number, a messaging service, a name or a mailbox"
    ),
    Column("since", Timestamp, nullable=False, server_default=NOW, comment="when it was chosen"),
    PrimaryKeyConstraint("recipient", "campaign"),
    comment="From what a recipient is contacted by a campaign with a pool, in all its batches.",
)

daily_segments = Table(
    "daily_segments",
    metadata,
    Column(
        "name",
        Text,
        nullable=False,
        comment="of the registration or the source that has the cap",
    ),
    Column("day", Date, nullable=False, comment="of the carrier, in its zone"),
    Column(
        "segments",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="counted before each attempt begins",
    ),
    Column("full_since", Timestamp, comment="since when somebody waits for the next day"),
    PrimaryKeyConstraint("name", "day"),
    comment="Segments of texts let out a day under a carrier's cap.",
)
