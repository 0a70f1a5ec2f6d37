"""What was released stays as it is: migrations are added, and every database of before is carried over."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, text
from structlog.testing import capture_logs

from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import Channel
from worker.store import attempts
from worker.store.connect import connect, in_transaction
from worker.store.errors import StoreUnavailable
from worker.store.functions import names
from worker.store.migrate import UnknownRevision, upgrade
from worker.store.queue import Chunk
from worker.store.revisions import SCRIPTS, current, head

# One line per release, only ever added to. A function is changed as worker/store/functions says.
RELEASED = {
    "0001": "da5bf6d12166b7f7",
}
MOST_HELD_UP = 1.5
"""Seconds: a second of waiting for the lock, and a busy machine."""
FILLED = Path(__file__).parent / "filled_0001.sql"
ASKED = ("SELECT ", "SHOW ", "SET ")
PROSE = re.compile(r"^--.*\n", re.MULTILINE)


def revisions() -> list[str]:
    """Every migration there is, oldest first."""
    scripts = ScriptDirectory(str(SCRIPTS))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


@contextmanager
def statements_heard() -> Iterator[list[str]]:
    """What is done to any database meanwhile, without what stands above it, and what Alembic does itself."""
    heard: list[str] = []

    def hear(*told: Any) -> None:
        statement = PROSE.sub("", told[2]).strip()
        if not statement.startswith(ASKED) and "alembic_version" not in statement:
            heard.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    yield heard
    event.remove(Engine, "before_cursor_execute", hear)


def test_what_a_released_migration_does_never_changes(unmigrated: str) -> None:
    done: dict[str, str] = {}
    for revision in revisions():
        with statements_heard() as heard:
            upgrade(unmigrated, revision)
        assert heard, f"{revision} does nothing"
        done[revision] = sha256("\n".join(heard).encode()).hexdigest()[:16]

    released = {revision: done.get(revision, "gone") for revision in RELEASED}
    assert released == RELEASED, "add a migration instead: see worker/store/functions/__init__.py"


def test_migrations_are_numbered_without_a_gap() -> None:
    assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [head()]


def test_a_filled_database_of_the_first_release_is_carried_over(unmigrated: str) -> None:
    upgrade(unmigrated, "0001")
    store = connect(unmigrated)
    with store.begin() as connection:
        connection.exec_driver_sql(FILLED.read_text(encoding="utf-8"))
    before = rows(store)
    assert [table for table, n in before.items() if not n] == []

    upgrade(unmigrated)

    after = rows(store)
    assert {table: after[table] for table in before if table in after} == before
    chunk = Chunk(Channel.VOICE, 1, UUID("00000000-0000-4000-8000-000000000002"), (1,))
    begun, _ = in_transaction(store, lambda c: begin(c, chunk))
    assert [one.request for one in begun] == [1]
    assert current(store) == head()
    store.dispose()


def test_a_migration_behind_a_long_reader_holds_up_nobody_and_is_tried_again(
    unmigrated: str,
) -> None:
    upgrade(unmigrated, "0001")
    store = connect(unmigrated, guarded=False)
    with store.begin() as connection:
        connection.exec_driver_sql(FILLED.read_text(encoding="utf-8"))
    everything = ", ".join(rows(store))
    waits: list[float] = []
    with capture_logs() as said, ThreadPoolExecutor(1) as beside:
        with store.begin() as reader:
            reader.exec_driver_sql(f"LOCK TABLE {everything} IN ACCESS SHARE MODE")
            migrating = beside.submit(upgrade, unmigrated)
            deadline = time.monotonic() + 60
            while count_of(said, "migration_waits") < 2:
                assert time.monotonic() < deadline
                waits.append(write_everywhere(store, everything))
        migrating.result(60)

    assert max(waits) < MOST_HELD_UP
    assert current(store) == head()
    store.dispose()


def test_a_lock_that_nobody_gives_back_is_told_in_the_end(unmigrated: str) -> None:
    upgrade(unmigrated, "0001")
    store = connect(unmigrated, guarded=False)
    with store.begin() as reader:
        reader.exec_driver_sql(f"LOCK TABLE {', '.join(rows(store))} IN ACCESS SHARE MODE")
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            upgrade(unmigrated, patience=0)
    assert current(store) != head()
    store.dispose()


def write_everywhere(store: Engine, tables: str) -> float:
    """Take what every writer takes. Returns the seconds it had to wait."""
    began = time.monotonic()
    with store.begin() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE")
    return time.monotonic() - began


def count_of(said: Sequence[Mapping[str, object]], event: str) -> int:
    return sum(line["event"] == event for line in said)


def test_a_database_of_a_newer_release_is_left_alone(engine: Engine, database_url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(UnknownRevision, match="revision 9999"):
            upgrade(database_url)
    finally:
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE alembic_version SET version_num = :head"), {"head": head()}
            )


def begin(connection: Any, chunk: Chunk) -> tuple[list[attempts.Begun], dict[int, HandBack]]:
    """Begin all that the chunk holds."""
    seconds = timedelta(seconds=5)
    return attempts.begin(
        connection, chunk, chunk.requests, send_window=seconds, answer_time=seconds
    )


def rows(store: Engine) -> dict[str, int]:
    """How many rows each table has."""
    with store.begin() as connection:
        tables = connection.scalars(
            text("""
                SELECT relname FROM pg_class WHERE relkind = 'r'
                    AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
            """)
        ).all()
        return {
            table: int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608
            for table in tables
        }


def test_there_is_one_gate_and_no_function_without_its_file(engine: Engine) -> None:
    with engine.begin() as connection:
        found = connection.scalars(
            text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        ).all()

    assert sorted(found) == names()
