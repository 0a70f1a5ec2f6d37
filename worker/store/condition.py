"""What a database says about itself: whether it would remember, and how old its shape is."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from worker.store.connect import in_transaction
from worker.store.migrate import current, head


@dataclass(frozen=True, slots=True)
class Condition:
    """The facts that decide whether dispatch may rely on this database."""

    version: int
    """As PostgreSQL counts: 170004 is 17.4."""
    fsync: bool
    synchronous_commit: str
    revision: str | None
    head: str


def read_condition(engine: Engine) -> Condition:
    """Ask the database about itself."""

    def step(connection: Connection) -> tuple[str, str, str]:
        version, fsync, commit = connection.execute(_SETTINGS).one()
        return version, fsync, commit

    version, fsync, commit = in_transaction(engine, step)
    return Condition(int(version), fsync == "on", commit, current(engine), head())


_SETTINGS = text("""
    SELECT current_setting('server_version_num'), current_setting('fsync'),
           current_setting('synchronous_commit')
""")
