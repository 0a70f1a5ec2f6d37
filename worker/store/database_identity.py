"""The database's identity: which system, database and timeline answer at this address."""

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from worker.domain.database_identity import RememberedIdentity
from worker.store.connect import StoreUnavailable
from worker.store.guards import is_pooled

# The timeline that is being written. The control file keeps the old one after a promotion, until the
# next checkpoint is complete; a database in recovery writes none, and neither function may be asked.
_SYSTEM = """
    SELECT s.system_identifier || ':' || d.oid,
           CASE WHEN NOT pg_is_in_recovery()
           THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END
"""
_FROM = """
    FROM pg_control_system() AS s, pg_database AS d WHERE d.datname = current_database()
"""
_WHICH = _SYSTEM + _FROM
_PRESENT = text(f"""
    {_SYSTEM},
           CASE WHEN NOT pg_is_in_recovery()
           THEN (pg_current_wal_flush_lsn() - '0/0')::bigint END {_FROM}
""")


class InRecovery(StoreUnavailable):
    """A standby: it takes no write, and which timeline it will write is not known yet."""

    def __init__(self) -> None:
        super().__init__(
            "the database is a standby in recovery: promote it, or let DATABASE_URL lead to the primary"
        )


class DatabaseChanged(StoreUnavailable):
    """A new connection leads to another database than the process's first one did."""

    def __init__(self) -> None:
        super().__init__(
            "the database was restored, cloned or failed over under a running process:"
            " check it, resume --after-restore, and restart the process"
        )


def pin(engine: Engine) -> None:
    """Let every connection of the engine be to the database of its first one, on the same timeline.

    A database can only be replaced by breaking its connections, so checking new ones is enough; except
    behind a pooler, whose clients stay connected: there every transaction asks first.
    """
    first: list[tuple[object, ...]] = []

    @event.listens_for(engine, "connect")
    def check(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(_WHICH)
        found = tuple(cursor.fetchone() or ())
        cursor.close()
        connection.rollback()
        compare(found)

    @event.listens_for(engine, "begin")
    def check_again(connection: Connection) -> None:
        if is_pooled(connection):
            compare(tuple(connection.exec_driver_sql(_WHICH).one()))

    def compare(found: tuple[object, ...]) -> None:
        if None in found:
            raise InRecovery
        first.append(found)
        del first[1:]
        if found != first[0]:
            raise DatabaseChanged


def present(connection: Connection) -> RememberedIdentity:
    """The database at hand.

    Raises:
        InRecovery: it is a standby.
    """
    found = connection.execute(_PRESENT).one()
    if None in found:
        raise InRecovery
    return RememberedIdentity(*found)


def has_attempts(connection: Connection) -> bool:
    """Return whether anybody was ever contacted from this database."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM attempt)")))
