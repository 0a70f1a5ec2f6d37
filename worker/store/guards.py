"""The settings of a session that keep a frozen peer harmless, and how they are held through a pooler.

A pooler in transaction mode (PgBouncer) gives every transaction another session: what a client sets up
when it connects is lost, and a statement it prepared is somebody else's. A connection finds out by
itself that it goes through one: the process id it was told is not that of the session it speaks to.
"""

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from worker.store.errors import StoreUnavailable

# lock_timeout and the idle and transaction timeouts make a process that froze in mid-transaction let
# go of its locks.
GUARDS = {
    "lock_timeout": 3_000,
    "statement_timeout": 10_000,
    "idle_in_transaction_session_timeout": 2_000,
    "transaction_timeout": 15_000,
}
"""In milliseconds."""

STARTUP = " ".join(f"-c {name}={value}" for name, value in GUARDS.items())
CONNECT_QUERY = "; ".join(f"SET {name}={value}" for name, value in GUARDS.items())
"""What a pooler has to say to each new session, as our own connections do when they go straight."""

POOLED = "outreach.pooled"

_LOOK = f"""
    SELECT pg_backend_pid(),
           (SELECT string_agg(name, ', ' ORDER BY name) FROM pg_settings
            WHERE (name, setting) NOT IN ({", ".join(f"('{k}', '{v}')" for k, v in GUARDS.items())})
                AND name IN ({", ".join(f"'{name}'" for name in GUARDS)}))
"""  # noqa: S608  constants
_PATIENCE = "; ".join(f"SET LOCAL {name}=0" for name in GUARDS)


class Unguarded(StoreUnavailable):
    """The pooler's sessions would keep a frozen process's locks."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"DATABASE_URL leads to a pooler whose sessions lack {missing};"
            f" set its connect_query to: {CONNECT_QUERY}"
        )


def is_pooled(connection: Connection) -> bool:
    """Return whether another session may serve its next transaction."""
    return bool(connection.info.get(POOLED))


def hold(engine: Engine, *, guarded: bool) -> None:
    """Let every connection of the engine find out whether it is pooled, and behave.

    Pooled, it prepares no statements on the server. Guarded, it is refused unless the pooler's sessions
    have the guards; unguarded, each of its transactions lays them aside for itself alone.
    """

    @event.listens_for(engine, "connect")
    def find_out(driver: psycopg.Connection, record: ConnectionPoolEntry) -> None:
        row = driver.execute(_LOOK).fetchone()
        driver.rollback()
        assert row is not None
        session, missing = row
        record.info[POOLED] = session != driver.info.backend_pid
        if not record.info[POOLED]:
            return
        driver.prepare_threshold = None
        if guarded and missing:
            raise Unguarded(missing)
        # PgBouncer keeps this one per client, and says it to whichever session serves it.
        driver.execute("SET timezone = 'UTC'")
        driver.commit()

    @event.listens_for(engine, "begin")
    def be_patient(connection: Connection) -> None:
        if not guarded and is_pooled(connection) and not _autocommits(connection):
            connection.exec_driver_sql(_PATIENCE)


def _autocommits(connection: Connection) -> bool:
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
