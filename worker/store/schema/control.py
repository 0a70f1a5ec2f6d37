"""Tables that steer: messages taken in, dead letters, and halts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from worker.store.schema.conventions import NOW, Timestamp, metadata

message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True, comment="given by the producer"),
    Column("task", Text, nullable=False, comment="its name"),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column(
        "digest",
        Text,
        comment="of its content: another one under the same id is told from a repetition",
    ),
    comment="Ids of messages that had their effect: none has it twice.",
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False, comment="message, callback or answer"),
    Column("reason", Text, nullable=False, comment="a sentence"),
    Column("payload", Text, nullable=False),
    Column("received_at", Timestamp, nullable=False, server_default=NOW),
    Column("settled_at", Timestamp, comment="since when nothing is to be done about it"),
    Column("settled_how", Text, comment="by whom, or by what"),
    Column("task", Text, comment="a message's name; NULL: it could not be read"),
    Column("message_id", Text, comment="NULL: it had none"),
    Column("digest", Text, comment="of the payload: a repetition is kept once"),
    UniqueConstraint("message_id", "digest"),
    Index("dead_letter_open", "id", postgresql_where=text("settled_at IS NULL")),
    comment="What could not be accepted, kept whole.",
)

fold = Table(
    "fold",
    metadata,
    Column("version", Integer, nullable=False, comment="of worker.domain.identities"),
    comment="One row: the rules by which every recipient was folded into a person.",
)

deployment = Table(
    "deployment",
    metadata,
    Column(
        "one", Boolean, primary_key=True, server_default=text("true"), comment="there is one row"
    ),
    Column(
        "profile", Text, nullable=False, comment="that every process which uses this database has"
    ),
    CheckConstraint("one", name="one"),
    comment="One row, once anybody has started to send.",
)

youngest_removed = Table(
    "youngest_removed",
    metadata,
    Column(
        "one", Boolean, primary_key=True, server_default=text("true"), comment="there is one row"
    ),
    Column(
        "began_at",
        Timestamp,
        nullable=False,
        comment="of the youngest attempt that was archived or deleted",
    ),
    CheckConstraint("one", name="one"),
    comment="At most one row. Trigger note_removed writes it, whoever deletes attempts.",
)

pulse = Table(
    "pulse",
    metadata,
    Column("at", Timestamp, nullable=False, server_default=NOW),
    comment="Written only to see whether anything can be.",
)

tally_slot = Table(
    "tally_slot",
    metadata,
    Column("name", Text, nullable=False),
    Column(
        "slot",
        SmallInteger,
        nullable=False,
        autoincrement=False,
        comment="spreads a count over rows, so that writers rarely wait",
    ),
    Column("n", BigInteger, nullable=False, comment="to be summed over the slots and tally"),
    PrimaryKeyConstraint("name", "slot"),
    comment=(
        "Counted for ever, untouched by the archive: by the doors, with what is recorded, and by "
        "the triggers note_arrivals, note_moves and count_suppressions. What older releases counted "
        "stands in tally."
    ),
)

tally = Table(
    "tally",
    metadata,
    Column("name", Text, nullable=False),
    Column("n", BigInteger, nullable=False, comment="over all processes of older releases"),
    Column("slot", SmallInteger, nullable=False, server_default="0", comment="of no use any more"),
    PrimaryKeyConstraint("name", "slot"),
    Index("tally_name", "name", unique=True),
    comment=(
        "Counted by processes of older releases; trigger count_of_older lets them find one row a name."
    ),
)

duty = Table(
    "duty",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_at", Timestamp, nullable=False, comment="whoever is first after this does it"),
    Column("done_at", Timestamp, comment="when it last went well"),
    Column("seconds", Double, comment="the last one took"),
    Column("fault", Text, comment="the kind of error; NULL: it went well"),
    comment="The scheduler's duties: whose turn it is, and what became of the last.",
)

process = Table(
    "process",
    metadata,
    Column("kind", Text, nullable=False, comment="a line of the Procfile"),
    Column("host", Text, nullable=False, comment="its name"),
    Column("pid", Integer, nullable=False, comment="on that host"),
    Column("version", Text, nullable=False, comment="of the release it runs"),
    Column("started_at", Timestamp, nullable=False, comment="when it first spoke"),
    Column("seen_at", Timestamp, nullable=False, comment="when its work last went on"),
    Column("worked_at", Timestamp, comment="when a piece of work was last finished; NULL: never"),
    Column("turned_at", Timestamp, comment="when its queue last gave it something; NULL: no queue"),
    PrimaryKeyConstraint("kind", "host", "pid"),
    comment="A row for each process, written by itself; one that ends takes its row with it.",
)

halt = Table(
    "halt",
    metadata,
    Column("scope", Text, nullable=False, comment="all, channel, campaign, or a source of pools"),
    Column(
        "key",
        Text,
        nullable=False,
        comment="the channel, the campaign's id, or channel@account:source; empty for all",
    ),
    Column("reason", Text, nullable=False, comment="a sentence for whoever resumes it"),
    Column("halted_at", Timestamp, nullable=False, server_default=NOW),
    Column("halted_by", Text, nullable=False),
    PrimaryKeyConstraint("scope", "key"),
    CheckConstraint("scope IN ('all', 'channel', 'campaign', 'source')", name="scope"),
    comment="What must not send at the moment.",
)
