"""Revisions: the shape a database has, and the one this code expects, asked without what migrates.

Every process that may send asks it once; the tool that migrates would stay in its memory for ever.
"""

from pathlib import Path

from sqlalchemy import Engine, text

from worker.store.connect import translate_errors

SCRIPTS = Path(__file__).parent / "migrations"

_IS_MIGRATED = text("SELECT to_regclass('alembic_version') IS NOT NULL")
_REVISION = text("SELECT version_num FROM alembic_version")


def head() -> str:
    """The newest revision this code knows: its files are numbered, a test says so."""
    return max(path.stem.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def current(engine: Engine) -> str | None:
    """The revision the database is at; None before the first migration."""
    with translate_errors(), engine.connect() as connection:
        if not connection.execute(_IS_MIGRATED).scalar_one():
            return None
        found: str | None = connection.execute(_REVISION).scalar_one_or_none()
        return found
