"""Whoever asks over HTTP, with a key of their own."""

from sqlalchemy import Engine

from tests.factories import ANA
from worker.desk.keys import NewKey, create_key
from worker.domain.callers import Role


def make_key(engine: Engine, name: str = "crm", **changes: object) -> str:
    """A key that Ben has made, of Ana's: the key itself."""
    new = NewKey(**{"name": name, "owner": ANA, "role": Role.OPERATE} | changes)  # type: ignore[arg-type]
    return create_key(engine, new, by="ben@example.com")[1]
