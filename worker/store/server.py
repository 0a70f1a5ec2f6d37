"""What a database says about itself: whether it would remember, and how old its shape is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from worker.store.connect import in_transaction
from worker.store.migrate import current, head

SKEW_TOLD = 1.0
"""Seconds by which two clocks may differ before somebody is told."""


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
_SETTINGS = text("""
    SELECT current_setting('server_version_num'), current_setting('fsync'),
           current_setting('synchronous_commit')
""")
