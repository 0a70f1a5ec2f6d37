"""Whether a database is one to build on: its version, and whose durations it is used with."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.fakes.older import older_postgres
from worker.desk.database import upgrade_database
from worker.dispatch.database_identity import know_the_database
from worker.store.connect import connect, in_transaction
from worker.store.identity_stores import FileIdentityStore
from worker.store.profiles import UsedOtherwise
from worker.store.version import TooOld


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(("version", "named"), [("16.4", "16.4"), ("9.6.24", r"9\.624")])
def test_an_older_postgres_is_named_before_anything_is_asked_of_it(
    guarded: bool, version: str, named: str
) -> None:
    with older_postgres(version) as server:
        engine = connect(f"postgresql+psycopg://me@127.0.0.1:{server.port}/x", guarded=guarded)
        with pytest.raises(TooOld, match=f"DATABASE_URL leads to PostgreSQL {named}; use .* 17"):
            in_transaction(engine, lambda c: c.execute(text("SELECT 1")))
        assert server.asked == []


@pytest.mark.usefixtures("durable")
def test_a_database_used_with_one_profile_refuses_the_other(
    engine: Engine, database_url: str, state_dir: Path
) -> None:
    production = connect(database_url, profile="production")
    fast = connect(database_url, profile="fast")
    for nobody_has_started_yet in (production, fast):
        in_transaction(nobody_has_started_yet, lambda _: None)
        nobody_has_started_yet.dispose()

    know_the_database(production, [FileIdentityStore(state_dir)])

    with pytest.raises(UsedOtherwise, match=r"used with PROFILE=production and this .*=fast: let"):
        in_transaction(fast, lambda _: None)
    with pytest.raises(UsedOtherwise):
        upgrade_database(database_url, "fast")
    in_transaction(production, lambda _: None)
    upgrade_database(database_url, "production")
    for used in (production, fast):
        used.dispose()


@pytest.mark.usefixtures("durable")
def test_who_starts_second_is_refused_although_it_had_connected_before(
    database_url: str, state_dir: Path
) -> None:
    fast, production = (connect(database_url, profile=name) for name in ("fast", "production"))
    in_transaction(production, lambda _: None)
    know_the_database(fast, [FileIdentityStore(state_dir)])

    with pytest.raises(UsedOtherwise):
        know_the_database(production, [FileIdentityStore(state_dir)])
    for used in (production, fast):
        used.dispose()
