"""Bringing a database to the shape this version of the code expects."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from worker.store.connect import connect, translate_errors
from worker.store.errors import StoreUnavailable
from worker.store.revisions import SCRIPTS, current


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


def upgrade(database_url: str, revision: str = "head", *, profile: str | None = None) -> None:
    """Apply every migration that is missing, each in a transaction of its own.

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
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def _refuse_unknown(revision: str | None, config: Config) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise UnknownRevision(revision)
