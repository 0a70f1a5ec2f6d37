"""A connection that goes through a pooler finds out, and relies on no session."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, make_url, text

from tests.fakes.pooler import pooling
from worker.store.connect import StoreUnavailable, connect, in_one_statement, in_transaction
from worker.store.guards import GUARDS, STARTUP, Unguarded, is_pooled
from worker.store.migrate import upgrade


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    """The database behind something that hides its sessions."""
    url = make_url(database_url)
    assert url.port is not None
    with pooling(url.port) as port:
        yield url.set(port=port).render_as_string(False)


@pytest.fixture
def dropping_url(database_url: str) -> Iterator[str]:
    """The same, where what a client asks for when it connects is dropped."""
    url = make_url(database_url)
    assert url.port is not None
    with pooling(url.port, startup=STARTUP.encode()) as port:
        yield url.set(port=port).render_as_string(False)


def settings(connection: Connection) -> list[int]:
    rows = [
        connection.scalar(text("SELECT setting FROM pg_settings WHERE name = :n"), {"n": name})
        for name in GUARDS
    ]
    return [int(row or -1) for row in rows]


def prepared(engine: Engine) -> int:
    with engine.connect() as connection:
        for _ in range(10):
            connection.execute(text("SELECT 1"))
        return int(connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) or 0)


def test_a_straight_connection_prepares_its_statements(engine: Engine) -> None:
    assert prepared(engine) > 0
    assert not in_transaction(engine, is_pooled)


def test_a_pooled_connection_prepares_none(pooled_url: str) -> None:
    engine = connect(pooled_url)

    assert in_transaction(engine, is_pooled)
    assert prepared(engine) == 0
    engine.dispose()


def test_a_pooler_whose_sessions_lack_the_guards_is_refused_and_told_them(
    dropping_url: str,
) -> None:
    engine = connect(dropping_url)

    with pytest.raises(Unguarded, match=r"sessions lack idle_in.*connect_query.*lock_timeout=3000"):
        in_transaction(engine, settings)
    engine.dispose()


def test_a_long_upload_lays_the_guards_aside_for_its_own_transactions(
    postgres_guarded: str,
) -> None:
    patient = connect(postgres_guarded, guarded=False)

    assert in_transaction(patient, settings) == [0] * len(GUARDS)
    assert in_one_statement(patient, settings) == list(GUARDS.values())
    patient.dispose()


@pytest.fixture
def postgres_guarded(pooled_url: str, engine: Engine) -> str:
    """A pooler that says its connect_query to every session."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.scalar(text("SELECT current_database()"))
        for guard, value in GUARDS.items():
            connection.execute(text(f'ALTER DATABASE "{name}" SET {guard} = {value}'))
    return pooled_url


def test_migrating_leaves_no_lock_behind(pooled_url: str, engine: Engine) -> None:
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    upgrade(pooled_url)

    assert in_transaction(engine, lambda c: c.scalar(text(held))) == 0


@pytest.mark.parametrize("code", ["08P01", "53300"])
def test_what_a_pooler_says_when_it_has_no_server_means_that_the_database_is_away(
    engine: Engine, code: str
) -> None:
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'no server' USING ERRCODE = '{code}'; END $$")
    with pytest.raises(StoreUnavailable):
        in_transaction(engine, lambda c: c.execute(raising))


def test_the_guards_are_what_a_straight_connection_asks_for(engine: Engine) -> None:
    assert in_transaction(engine, settings) == list(GUARDS.values())
