"""The profile a database is used with. Durations that do not fit together must not meet in one."""

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from worker.domain.database_identity import RefusedToStart

# How an engine carries the setting to whoever notes it.
PROFILE = "profile"

_THERE = "SELECT to_regclass('deployment') IS NOT NULL"
_USED = "SELECT profile FROM deployment"


class UsedOtherwise(RefusedToStart):
    """The database belongs to a deployment with another profile."""

    def __init__(self, used: str, ours: str) -> None:
        super().__init__(
            f"the database is used with PROFILE={used} and this would be PROFILE={ours}:"
            " let DATABASE_URL lead to another one"
        )


def hold(engine: Engine, profile: str) -> None:
    """Let every connection of the engine be to a database of this profile, or of none yet."""

    @event.listens_for(engine, "connect")
    def check(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(_THERE)
        if cursor.fetchone() == (True,):  # not so before it is migrated
            cursor.execute(_USED)
            _compare(cursor.fetchone(), profile)
        cursor.close()
        connection.rollback()


def note(connection: Connection) -> None:
    """From now on the database is used with the engine's profile, if it has one.

    Raises:
        UsedOtherwise: somebody else was faster.
    """
    profile = connection.get_execution_options().get(PROFILE)
    if profile is None:
        return
    connection.execute(
        text("INSERT INTO deployment (profile) VALUES (:profile) ON CONFLICT DO NOTHING"),
        {"profile": profile},
    )
    _compare(connection.execute(text(_USED)).one(), profile)


def _compare(used: object, profile: str) -> None:
    match used:
        case (str(other),) if other != profile:
            raise UsedOtherwise(other, profile)
