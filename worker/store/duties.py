"""Duties of the schedulers: whose turn each is, and its last result; one row per duty."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

SCAN = "scan"
"""What each scheduler does for itself several times a second; now and then one of them writes it down."""
SHARED = ("sweep", "probe", "reports", "starts", "cancel", "rescue", "strays", "deadlines", "seal")
"""By name: what is done by whichever scheduler looks first, and missed when none does."""

# A row rather than a lock: a lock of a session does not survive a pooler, one of a transaction would
# keep it open for as long as a provider takes to answer.
_TAKE_TURN = text("""
    INSERT INTO duty (name, next_at) VALUES (:name, clock_timestamp() + CAST(:every AS interval))
    ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at
    WHERE duty.next_at <= clock_timestamp()
    RETURNING name
""")


def take_turn(connection: Connection, name: str, every: timedelta) -> bool:
    """Return whether it is ours to do now; then nobody else's before `every` is over."""
    return connection.scalar(_TAKE_TURN, {"name": name, "every": every}) is not None


_REPORT = text("""
    UPDATE duty SET seconds = :seconds, fault = :fault,
        done_at = CASE WHEN CAST(:fault AS text) IS NULL THEN clock_timestamp() ELSE done_at END
    WHERE name = :name
""")


def report(connection: Connection, name: str, seconds: float, fault: str | None) -> None:
    """Note what became of it; `fault` names the kind of error, None: it is done."""
    connection.execute(_REPORT, {"name": name, "seconds": seconds, "fault": fault})


_NOTE = text("""
    INSERT INTO duty (name, next_at, done_at)
    VALUES (:name, clock_timestamp() + CAST(:every AS interval), clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at, done_at = excluded.done_at
""")


def note(connection: Connection, name: str, every: timedelta) -> None:
    """It went well just now, and is to be heard of again within `every`."""
    connection.execute(_NOTE, {"name": name, "every": every})


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty's last turn. `overdue`: nobody has taken it since it was due, for longer than is odd."""

    name: str
    next_at: datetime
    done_at: datetime | None
    seconds: float | None
    fault: str | None
    overdue: bool


# A host that is busy or starts again takes its turn late; whoever waits for a provider holds it for longer
# and is told of, too.
ODD = timedelta(seconds=20)


def newest(connection: Connection) -> Sequence[DutyRow]:
    """Every duty that was ever done, by name."""
    rows = connection.execute(
        text("""
            SELECT name, next_at, done_at, seconds, fault,
                   next_at < clock_timestamp() - CAST(:odd AS interval) AS overdue
            FROM duty ORDER BY name
        """),
        {"odd": ODD},
    )
    return [DutyRow(*row) for row in rows]


def is_scanning(connection: Connection) -> bool:
    """Say whether any scheduler looks for due requests."""
    return any(row.name == SCAN and not row.overdue for row in newest(connection))


_FORGET_COUNTS = text(
    "DELETE FROM begun_count WHERE quarter < clock_timestamp() - interval '3 days'"
)


def forget_counts(connection: Connection) -> int:
    """Drop what no day still counts. Returns how many rows."""
    return connection.execute(_FORGET_COUNTS).rowcount
