"""Tables that triggers keep: counts, and every change of a request's status."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from worker.domain.statuses import (
    Cause,
)
from worker.store.schema.conventions import Timestamp, metadata, one_of
from worker.store.schema.moves import possible_moves

transition = Table(
    "status_transition",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request", BigInteger, nullable=False),
    Column("from_status", Text, comment="NULL: it came in"),
    Column("to_status", Text, nullable=False),
    Column("channel_manager_status", Text, nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("cause", Text, nullable=False, comment="who or what moved it"),
    Column("attempt", BigInteger, comment="the latest one then"),
    Column("detail", Text, comment="the report's name, the operator's words, our reason"),
    one_of("cause", Cause),
    CheckConstraint(possible_moves(), name="possible"),
    Index("status_transition_request", "request"),
    comment=(
        "The history: every change of a request's status, written by the triggers "
        "note_arrivals and note_moves (and where a row is replaced by one of the same "
        "status). Trigger tell_webhooks tells receivers."
    ),
)

request_count = Table(
    "request_count",
    metadata,
    Column("batch", BigInteger, ForeignKey("communication_batch.id"), nullable=False),
    Column("request_status", Text, nullable=False),
    Column("channel_manager_status", Text, nullable=False),
    Column(
        "slot",
        SmallInteger,
        nullable=False,
        comment=(
            "spreads the count over rows, so that writers rarely wait; may be negative, "
            "only the sum counts"
        ),
    ),
    Column("n", BigInteger, nullable=False, comment="to be summed over the slots"),
    PrimaryKeyConstraint("batch", "request_status", "channel_manager_status", "slot"),
    Index(
        "request_count_open",
        "batch",
        postgresql_where=text("request_status IN ('PENDING', 'INITIATED', 'CONNECTED')"),
    ),
    postgresql_with={"fillfactor": "50"},
    comment=(
        "How many requests of a batch are in a status. Written by the triggers "
        "note_arrivals and note_moves only; what sums up to nothing is removed when a "
        "batch has finished."
    ),
)

begun_count = Table(
    "begun_count",
    metadata,
    Column("campaign", BigInteger, nullable=False),
    Column("quarter", Timestamp, nullable=False, comment="its beginning"),
    Column("slot", SmallInteger, nullable=False, comment="as in request_count"),
    Column("n", BigInteger, nullable=False, comment="to be summed over the slots"),
    PrimaryKeyConstraint("campaign", "quarter", "slot"),
    postgresql_with={"fillfactor": "50"},
    comment=(
        "Attempts that count, by quarter of an hour, because a day begins with one in "
        "every zone. Written by the trigger count_begun, and with what an attempt "
        "turns out to be."
    ),
)
