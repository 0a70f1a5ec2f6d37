"""Bringing a database to the shape this version of the code expects."""

import time

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from worker.store.connect import connect, translate_errors
from worker.store.errors import StoreUnavailable
from worker.store.revisions import SCRIPTS, current

log = structlog.get_logger()

LOCK_HELD = "55P03"
"""PostgreSQL's code for a lock that was not to be had in time."""
PAUSE = 1.0
"""Seconds for which those that a waiting migration held up go on, before it tries again."""
PATIENCE = 600.0
"""Seconds for which a migration is tried: a backup reads for long."""


class UnknownRevision(StoreUnavailable):
    """Only a newer release can have migrated the database, or one from before the first release."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the database is at revision {revision}, which this version does not know:"
            " use the release that migrated it, or a newer one"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def upgrade(
    database_url: str,
    revision: str = "head",
    *,
    profile: str | None = None,
    patience: float = PATIENCE,
) -> None:
    """Apply every migration that is missing, each in a transaction of its own.

    One that gets no lock within a second gives way to those behind it, and is tried again.

    Raises:
        UsedOtherwise: the database is used with another profile.
        UnknownRevision: it is not this version's to migrate.
        StoreUnavailable: it does not take them.
    """
    engine = connect(database_url, guarded=False, profile=profile)
    config = _config()
    config.attributes["engine"] = engine
    try:
        _refuse_unknown(current(engine), config)
        with translate_errors():
            _apply(config, revision, ends=time.monotonic() + patience)
    finally:
        engine.dispose()


def _apply(config: Config, revision: str, *, ends: float) -> None:
    while True:
        try:
            return command.upgrade(config, revision)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_HELD or time.monotonic() > ends:
                raise
        log.warning("migration_waits", why="somebody holds a lock it needs")
        time.sleep(PAUSE)


def _refuse_unknown(revision: str | None, config: Config) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise UnknownRevision(revision)
