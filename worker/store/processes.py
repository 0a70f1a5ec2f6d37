"""The processes of the house: a row each, written by itself while its work goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

FORGOTTEN_AFTER = timedelta(days=1)
"""A process that ended without a word is missed for so long."""


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process, as it last spoke of itself."""

    kind: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    worked_at: datetime | None
    """When it last finished a piece of work; None: none yet."""
    silent: timedelta
    """Since `seen_at`."""
    turned_at: datetime | None
    """When it last took something from its queue; None: it has none, or does not tell."""
    turnless: timedelta | None
    """Since `turned_at`."""


_NOTE = text("""
    INSERT INTO process (kind, host, pid, version, started_at, seen_at, worked_at, turned_at)
    VALUES (:kind, :host, :pid, :version, clock_timestamp(), clock_timestamp(),
            to_timestamp(CAST(:worked_at AS float8)),
            clock_timestamp() - make_interval(secs => CAST(:since_turn AS float8)))
    ON CONFLICT (kind, host, pid) DO UPDATE
    SET version = excluded.version, seen_at = excluded.seen_at, worked_at = excluded.worked_at,
        turned_at = excluded.turned_at
""")


def note(
    connection: Connection,
    kind: str,
    host: str,
    pid: int,
    version: str,
    worked_at: float | None,
    since_turn: float | None,
) -> None:
    """It goes on.

    Args:
        connection: where to write it.
        kind: a line of the Procfile; with the host's name and the process's id it is the row.
        host: its name.
        pid: on that host.
        version: of the release it runs.
        worked_at: in seconds since the epoch.
        since_turn: seconds since its last turn, by its own clock; None: none is expected.
    """
    connection.execute(
        _NOTE,
        {
            "kind": kind,
            "host": host,
            "pid": pid,
            "version": version,
            "worked_at": worked_at,
            "since_turn": since_turn,
        },
    )


_FORGET = text("""
    DELETE FROM process
    WHERE (kind, host, pid) = (:kind, :host, :pid) OR (kind = :kind AND host = :host AND pid = ANY (:gone))
        OR seen_at < clock_timestamp() - CAST(:after AS interval)
""")


def forget(
    connection: Connection, kind: str, host: str, pid: int, gone: Sequence[int] = ()
) -> None:
    """It has ended, or begins anew; those of its kind on its host that are `gone` are missed no more."""
    connection.execute(
        _FORGET,
        {"kind": kind, "host": host, "pid": pid, "gone": list(gone), "after": FORGOTTEN_AFTER},
    )


_SENDERS_LATELY = text("""
    SELECT kind, host, pid FROM process
    WHERE kind IN ('voice', 'sms', 'email', 'dispatch')
        AND seen_at > (SELECT max(seen_at) FROM process) - interval '30 seconds'
    ORDER BY kind, host, pid
""")


def senders_lately(connection: Connection) -> list[tuple[str, str, int]]:
    """Kind, host and pid of those that send, and spoke when the others last did."""
    return [(row.kind, row.host, row.pid) for row in connection.execute(_SENDERS_LATELY)]


_READ = text("""
    SELECT kind, host, pid, version, started_at, seen_at, worked_at, clock_timestamp() - seen_at,
           turned_at, clock_timestamp() - turned_at
    FROM process ORDER BY kind, host, pid
""")


def read(connection: Connection) -> list[ProcessRow]:
    """Every process that has not said that it ended."""
    return [ProcessRow(*row) for row in connection.execute(_READ)]
