"""The version of PostgreSQL, checked before anything else is asked of it."""

from typing import Any

import psycopg
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from worker.store.errors import StoreUnavailable

OLDEST_POSTGRES = 17
# A guard that no older version knows: asked for at once, it is what such a server refuses.
NEWEST_GUARD = "transaction_timeout"


class TooOld(StoreUnavailable):
    """A PostgreSQL that lacks what dispatch relies on; `version` as it counts: 160004 is 16.4."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"DATABASE_URL leads to PostgreSQL {version // 10_000}.{version % 10_000};"
            f" use PostgreSQL {OLDEST_POSTGRES} or newer"
        )


def refuse_older(engine: Engine) -> None:
    """Let the engine connect to nothing older.

    Every server says its version as a session begins; one that refuses the session's options has not
    come so far, and is asked without them.
    """

    @event.listens_for(engine, "do_connect")
    def look(
        dialect: Dialect, _: ConnectionPoolEntry, args: list[Any], options: dict[str, Any]
    ) -> Any:  # noqa: ANN401  the driver's connection
        try:
            connection = dialect.connect(*args, **options)
        except psycopg.OperationalError as error:
            if NEWEST_GUARD in str(error):
                connection = dialect.connect(*args, **{**options, "options": ""})
                _judge(connection)
                connection.close()
            raise
        _judge(connection)
        return connection


def _judge(connection: Any) -> None:  # noqa: ANN401  as above
    version = connection.info.server_version
    if version < OLDEST_POSTGRES * 10_000:
        connection.close()
        raise TooOld(version)
