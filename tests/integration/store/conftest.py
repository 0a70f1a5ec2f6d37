"""What several tests of the store start from."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text


@pytest.fixture
def unmigrated(engine: Engine) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"{engine.url.database}_described"
    outside = engine.execution_options(isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    yield engine.url.set(database=name).render_as_string(hide_password=False)
    with outside.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
