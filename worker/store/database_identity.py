"""The database's identity: which system, database and timeline answer at this address."""

from collections.abc import Callable
from time import monotonic

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from worker.domain.database_identity import RememberedIdentity
from worker.store.connect import StoreUnavailable
from worker.store.guards import POOLED, is_pooled

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
_FOUND = "outreach.database"
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
            " check it, then resume --after-restore"
        )


LATER = 1.0
"""Seconds for which a database that may not be followed is not asked about again."""


class Pin:
    """Lets every connection of an engine be to the database of its first one, on the same timeline.

    A database can only be replaced by breaking its connections, so checking new ones is enough; except
    behind a pooler, whose clients stay connected: there every transaction asks first. Where the next
    timeline of the same database may be followed, connections to the one before are used no more.

    Args:
        may_follow: whether the database that answers now was accepted in the first one's place, given its
            timeline.
    """

    def __init__(self, may_follow: Callable[[int], bool] = lambda _: False) -> None:
        self._may_follow = may_follow
        self._held: tuple[object, ...] | None = None
        self._asked_at = float("-inf")
        self.is_strange = False
        """Say whether the last new connection led to another database."""

    def hold(self, engine: Engine) -> None:
        """Hold an engine there."""

        @event.listens_for(engine, "connect")
        def check(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
            cursor = connection.cursor()
            cursor.execute(_WHICH)
            found = tuple(cursor.fetchone() or ())
            cursor.close()
            connection.rollback()
            try:
                self._compare(found)
            except StoreUnavailable:
                connection.close()  # nobody else has it yet
                raise
            record.info[_FOUND] = found

        @event.listens_for(engine, "checkout")
        def leave(_: object, record: ConnectionPoolEntry, __: object) -> None:
            if record.info[_FOUND] != self._held and not record.info.get(POOLED):
                raise DisconnectionError

        @event.listens_for(engine, "begin")
        def check_again(connection: Connection) -> None:
            if is_pooled(connection):
                self._compare(tuple(connection.exec_driver_sql(_WHICH).one()))

    def _compare(self, found: tuple[object, ...]) -> None:
        if None in found:
            raise InRecovery
        if self._held is None or (found != self._held and self._follows(found)):
            self._held = found
        self.is_strange = found != self._held
        if self.is_strange:
            raise DatabaseChanged

    def _follows(self, found: tuple[object, ...]) -> bool:
        (system, timeline), (held, before) = found, self._held or found
        if system != held or not int(str(timeline)) > int(str(before)):
            return False
        if monotonic() - self._asked_at < LATER:
            return False
        if self._may_follow(int(str(timeline))):
            return True
        self._asked_at = monotonic()
        return False


def pin(engine: Engine) -> None:
    """Hold an engine to the database of its first connection, whatever is accepted in its place."""
    Pin().hold(engine)


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
