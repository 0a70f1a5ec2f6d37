"""Bringing a database to the shape this version of the code expects."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from worker.store.connect import connect, translate_errors

SCRIPTS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def upgrade(database_url: str, revision: str = "head", *, profile: str | None = None) -> None:
    """Apply every migration that is missing, each in a transaction of its own.

    Raises:
        UsedOtherwise: the database is used with another profile.
        StoreUnavailable: it does not take them.
    """
    engine = connect(database_url, guarded=False, profile=profile)
    config = _config()
    config.attributes["engine"] = engine
    try:
        with translate_errors():
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def current(engine: Engine) -> str | None:
    """The revision the database is at; None before the first migration."""
    with translate_errors(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
