"""Facts of the database's server: would it remember, how full is it, who copies it, its clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from worker.store.connect import in_transaction
from worker.store.revisions import current, head

DURABLE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of PostgreSQL under which, when off, a crash may take back what was committed."""
SKEW_TOLD = 1.0
"""Seconds by which two clocks may differ before somebody is told."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The facts that decide whether dispatch may rely on this database."""

    version: int
    """As PostgreSQL counts: 170004 is 17.4."""
    forgetful: list[str]
    """See `forgetful_settings`."""
    revision: str | None
    head: str


def read_condition(engine: Engine) -> Condition:
    """Ask the database about itself."""

    def step(connection: Connection) -> tuple[int, list[str]]:
        return int(connection.execute(_VERSION).scalar_one()), forgetful_settings(connection)

    version, forgetful = in_transaction(engine, step)
    return Condition(version, forgetful, current(engine), head())


def forgetful_settings(connection: Connection) -> list[str]:
    """Return those of `DURABLE_SETTINGS` that are off: an acknowledged commit could be lost.

    The one place where this is asked: dispatch refuses to start by it, and `doctor` reports it.
    """
    return list(connection.execute(_FORGETFUL, {"names": list(DURABLE_SETTINGS)}).scalars())


def read_skew(engine: Engine, clock: Callable[[], float] = time.time) -> float:
    """Seconds by which this host's clock is ahead of the database's; below 0: behind.

    What may as well be the way there and back is not counted.
    """

    def step(connection: Connection) -> float:
        connection.execute(_NOW)  # the first statement may also have to connect
        asked = clock()
        told = float(connection.execute(_NOW).scalar_one())
        heard = clock()
        return max(0.0, asked - told) or min(0.0, heard - told)

    return in_transaction(engine, step)


_NOW = text("SELECT extract(epoch FROM clock_timestamp())")
_VERSION = text("SELECT current_setting('server_version_num')")
_FORGETFUL = text("""
    SELECT name FROM pg_settings WHERE name = ANY(:names) AND setting = 'off' ORDER BY name
""")


@dataclass(frozen=True, slots=True)
class Places:
    """Connections of the server: taken by whomever, and offered to those who are no superuser."""

    taken: int
    offered: int


_PLACES = text("""
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
           current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - current_setting('reserved_connections')::int
""")


def read_places(connection: Connection) -> Places:
    """Read how full the server is; a pooler in between is not seen."""
    return Places(*connection.execute(_PLACES).one())


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies that receive what the server writes."""

    awaited: bool
    """Whether a commit waits for a standby."""
    standbys: tuple[tuple[str, str], ...]
    """Name and state; one that this user may not see is taken for well."""
    idle_slots: tuple[str, ...]
    archive_fails_since: datetime | None


_STANDBYS = text("""
    SELECT coalesce(nullif(application_name, ''), 'unnamed'), coalesce(state, 'streaming')
    FROM pg_stat_replication WHERE application_name NOT LIKE 'pg_basebackup%' ORDER BY 1
""")
_IDLE_SLOTS = text("""
    SELECT slot_name FROM pg_replication_slots
    WHERE NOT active AND restart_lsn IS NOT NULL ORDER BY 1
""")
_ARCHIVE = text("""
    SELECT current_setting('synchronous_standby_names') <> '',
           (SELECT last_failed_time FROM pg_stat_archiver
            WHERE current_setting('archive_mode') <> 'off'
              AND last_failed_time > coalesce(last_archived_time, '-infinity'))
""")


def read_copies(connection: Connection) -> Copies:
    """Standbys, slots and archive, as this user may see them."""
    awaited, fails_since = connection.execute(_ARCHIVE).one()
    standbys = tuple((name, state) for name, state in connection.execute(_STANDBYS))
    idle = tuple(connection.execute(_IDLE_SLOTS).scalars())
    return Copies(awaited, standbys, idle, fails_since)
