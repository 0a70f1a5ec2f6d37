"""A database that would call everyone twice is not sent from."""

from pathlib import Path

import pytest
from fakeredis import FakeRedis
from sqlalchemy import Engine, text

from tests.factories import ANA, make_attempt
from worker.desk.database import examine_halts
from worker.desk.steering import resume_by
from worker.dispatch.database_identity import (
    ForgetfulDatabase,
    UnrecognizedDatabase,
    adopt_the_database,
    judge_the_database,
    know_the_database,
    refuse_unrecognized,
)
from worker.dispatch.halt import halt, halts_in_force, resume
from worker.domain.callers import Caller, Role
from worker.domain.database_identity import (
    UNRECOGNIZED_REASON,
    Recognition,
    RememberedIdentity,
)
from worker.domain.errors import DatabaseNotAccepted
from worker.store import database_identity
from worker.store.connect import connect, in_transaction
from worker.store.database_identity import DatabaseChanged
from worker.store.identity_stores import BrokerIdentityStore, FileIdentityStore, IdentityStore

pytestmark = pytest.mark.usefixtures("durable")


@pytest.fixture
def memories(state_dir: Path) -> list[IdentityStore]:
    return [FileIdentityStore(state_dir), BrokerIdentityStore(FakeRedis())]


def test_a_new_database_is_adopted_everywhere(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    assert know_the_database(engine, memories) is Recognition.NEW

    assert all(memory.recall() is not None for memory in memories)
    assert halts_in_force(engine) == []


def test_an_emptied_broker_is_refilled_from_the_file(engine: Engine, state_dir: Path) -> None:
    know_the_database(engine, [FileIdentityStore(state_dir), BrokerIdentityStore(FakeRedis())])
    make_attempt(engine)
    emptied = BrokerIdentityStore(FakeRedis())

    assert know_the_database(engine, [FileIdentityStore(state_dir), emptied]) is Recognition.KNOWN
    assert emptied.recall() is not None


def test_a_database_behind_its_memory_is_halted_until_an_operator_resumes(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    know_the_database(engine, memories)
    present = in_transaction(engine, database_identity.present)
    memories[1].remember(
        RememberedIdentity(present.system, present.timeline, present.position + 10**9)
    )

    assert know_the_database(engine, memories) is Recognition.UNRECOGNIZED
    assert [(halt.scope, halt.halted_by) for halt in halts_in_force(engine)] == [
        ("all", "outreach")
    ]

    adopt_the_database(engine, memories)
    resume(engine, "all", "")
    assert know_the_database(engine, memories) is Recognition.KNOWN
    assert halts_in_force(engine) == []


def test_the_sentence_says_what_was_found_and_where(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    know_the_database(engine, memories)
    present = in_transaction(engine, database_identity.present)
    memories[1].remember(RememberedIdentity("71:5", present.timeline, 1))

    know_the_database(engine, memories)

    [halt] = halts_in_force(engine)
    assert "the key outreach:database of BROKER_URL: another database is remembered" in halt.reason
    assert f"(71:5, this is {present.system})" in halt.reason
    assert "give each a NAMESPACE and a STATE_DIR of its own" in halt.reason


def test_nobody_lets_a_stranger_send_without_accepting_it(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    make_attempt(engine)
    know_the_database(engine, memories)
    halt(engine, "all", "", "wrong template", ANA)

    with pytest.raises(DatabaseNotAccepted, match="outreach resume --after-restore"):
        resume(engine, "all", "", ANA)
    [told] = examine_halts(engine)
    assert told.advice.endswith("outreach resume --after-restore")

    adopt_the_database(engine, memories, ANA)
    assert resume(engine, "all", "", ANA)
    halt(engine, "all", "", "wrong template", ANA)
    assert resume(engine, "all", "", ANA)


def test_a_halt_of_before_does_not_hide_a_stranger(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    """Whoever lifts their own halt must not let a strange database send with it."""
    make_attempt(engine)
    for reason, by in (("an answer without its attempt", "outreach"), ("wrong template", ANA)):
        halt(engine, "all", "", reason, by)
    for _ in range(2):  # every process looks
        know_the_database(engine, memories)

    [standing] = halts_in_force(engine)
    assert standing.halted_by == ANA
    assert standing.reason.count(UNRECOGNIZED_REASON) == 1
    assert "wrong template" in standing.reason
    with pytest.raises(DatabaseNotAccepted):
        resume(engine, "all", "", ANA)
    [told] = examine_halts(engine)
    assert told.advice.endswith("outreach resume --after-restore")

    adopt_the_database(engine, memories, ANA)
    assert resume(engine, "all", "", ANA)


def test_a_stranger_is_told_again_after_the_last_was_accepted(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    make_attempt(engine)
    know_the_database(engine, memories)
    adopt_the_database(engine, memories, ANA)  # and somebody forgot to resume
    present = in_transaction(engine, database_identity.present)
    memories[0].remember(RememberedIdentity("71:5", present.timeline, 1))

    assert know_the_database(engine, memories) is Recognition.UNRECOGNIZED
    with pytest.raises(DatabaseNotAccepted):
        resume(engine, "all", "", ANA)


def test_a_caller_of_the_api_does_not_let_a_stranger_send(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    make_attempt(engine)
    know_the_database(engine, memories)

    with pytest.raises(DatabaseNotAccepted):
        resume_by(engine, Caller(ANA, Role.ADMIN), "all", "", "mended")


def test_whoever_is_refused_is_told_what_was_found(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    know_the_database(engine, memories)
    present = in_transaction(engine, database_identity.present)
    memories[0].remember(RememberedIdentity(present.system, present.timeline + 1, 1))

    with pytest.raises(UnrecognizedDatabase) as refused:
        refuse_unrecognized(engine, memories)

    found = f"timeline {present.timeline + 1} is remembered, this is {present.timeline}"
    assert found in str(refused.value)
    assert judge_the_database(engine, memories).why == str(refused.value)


def test_a_database_with_attempts_that_nobody_remembers_is_halted(
    engine: Engine, memories: list[IdentityStore]
) -> None:
    make_attempt(engine)

    assert know_the_database(engine, memories) is Recognition.UNRECOGNIZED
    assert halts_in_force(engine)
    assert all(memory.recall() is None for memory in memories)


def test_a_database_that_would_forget_is_refused(
    engine: Engine, database_url: str, memories: list[IdentityStore]
) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    engine.dispose()

    with pytest.raises(ForgetfulDatabase, match="synchronous_commit is off"):
        know_the_database(engine, memories)


def test_a_running_process_does_not_follow_its_address_to_another_database(
    database_url: str, engine: Engine, template_database: str
) -> None:
    pinned = connect(database_url)
    database_identity.pin(pinned)
    in_transaction(pinned, database_identity.present)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.scalar(text("SELECT current_database()"))
    pinned.dispose()
    _replace(engine, str(name), template_database)

    with pytest.raises(DatabaseChanged, match="resume --after-restore"):
        in_transaction(pinned, database_identity.present)
    pinned.dispose()


def _replace(engine: Engine, name: str, pattern: str) -> None:
    """Put a copy in the place of a database, as a restore does."""
    elsewhere = connect(str(engine.url.set(database="postgres").render_as_string(False)))
    with elsewhere.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'CREATE DATABASE "{name}_copy" TEMPLATE {pattern}'))
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        connection.execute(text(f'ALTER DATABASE "{name}_copy" RENAME TO "{name}"'))
    elsewhere.dispose()
