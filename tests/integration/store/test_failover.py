"""A promoted standby that lacks rows is a stranger at once, whatever its control file still says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.factories import make_attempt
from tests.fakes.pooler import pooling
from tests.fixtures.standby import Pair
from worker.dispatch.database_identity import know_the_database, recognition_of
from worker.dispatch.halt import halts_in_force
from worker.domain.database_identity import Recognition
from worker.local.postgres import EmbeddedPostgres
from worker.store import database_identity
from worker.store.connect import connect, in_one_statement, in_transaction
from worker.store.database_identity import DatabaseChanged, InRecovery
from worker.store.identity_stores import FileIdentityStore
from worker.store.migrate import upgrade

# One packet begins the session, which is all that the fake pooler understands.
PLAIN = "sslmode=disable&gssencmode=disable"


@pytest.fixture
def known(pair: Pair, state_dir: Path) -> Iterator[Engine]:
    """The primary, in use and remembered; what the standby has is past what is remembered."""
    upgrade(pair.url)
    engine = connect(pair.url)
    assert know_the_database(engine, [FileIdentityStore(state_dir)]) is Recognition.NEW
    make_attempt(engine)
    pair.standby.catch_up()
    pair.standby.cut_off()
    make_attempt(engine)  # acknowledged, and lost by what follows
    yield engine
    engine.dispose()


def test_a_standby_is_refused_while_it_follows_and_a_stranger_as_soon_as_it_leads(
    pair: Pair, known: Engine, state_dir: Path
) -> None:
    memories = [FileIdentityStore(state_dir)]
    follower, pinned = connect(spelled(pair.standby)), connect(pair.url)
    for engine in (follower, pinned):
        database_identity.pin(engine)
    in_transaction(pinned, database_identity.present)
    with pytest.raises(InRecovery, match="standby in recovery"):
        recognition_of(follower, memories)

    pair.fail_over()

    with pytest.raises(DatabaseChanged):
        in_transaction(pinned, database_identity.present)
    assert know_the_database(known, memories) is Recognition.UNRECOGNIZED
    assert recognition_of(follower, memories) is Recognition.UNRECOGNIZED
    assert [(halt.scope, halt.halted_by) for halt in halts_in_force(known)] == [("all", "outreach")]
    for engine in (follower, pinned):
        engine.dispose()


def spelled(server: EmbeddedPostgres) -> str:
    return server.url.replace("postgresql://", "postgresql+psycopg://")


@pytest.mark.usefixtures("known")
def test_a_process_behind_a_pooler_asks_in_every_transaction_which_database_it_is(
    pair: Pair,
) -> None:
    """Its connection stays while the server behind the pooler is replaced."""
    with pooling(pair.primary.port, then=pair.standby.port) as port:
        engine = connect(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres?{PLAIN}")
        database_identity.pin(engine)
        with engine.connect() as connection:
            before = connection.connection.dbapi_connection
        pair.fail_over()

        with pytest.raises(DatabaseChanged):
            in_transaction(engine, database_identity.present)
        with pytest.raises(DatabaseChanged):
            in_one_statement(engine, database_identity.present)
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection is before
        engine.dispose()
