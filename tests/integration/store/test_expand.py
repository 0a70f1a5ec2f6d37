"""Processes of the release before find all that they ask for in a database of this one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, Engine, text

from tests.integration.store.test_migrations import RELEASED
from worker.desk.tallies import add_tallies
from worker.store import tallies
from worker.store.connect import connect, in_transaction
from worker.store.migrate import upgrade
from worker.store.revisions import head

# Every release whose processes may still run beside this one's. See worker/store/migrations/README.md.
BESIDE = tuple(RELEASED)

_COLUMNS = text("""
    SELECT a.attrelid::regclass || '.' || a.attname,
           format_type(a.atttypid, a.atttypmod), a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'alembic_version'
""")
_UNIQUE = text("""
    SELECT i.indrelid::regclass || ' (' || string_agg(a.attname, ', ' ORDER BY a.attname) || ')'
           || coalesce(' WHERE ' || pg_get_expr(i.indpred, i.indrelid), '')
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
    GROUP BY i.indexrelid, i.indrelid, i.indpred
""")
_FUNCTIONS = text("""
    SELECT proname, oidvectortypes(proargtypes), pronargdefaults, pg_get_function_result(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
""")


@dataclass(frozen=True, slots=True)
class Shape:
    """A database, as far as a statement can tell."""

    columns: Mapping[str, tuple[str, bool]]
    """The type of each, and whether a row must name it."""
    unique: frozenset[str]
    """Sets of columns that ON CONFLICT may name."""
    functions: frozenset[tuple[str, str, int, str]]
    """Name, types of the arguments, how many of them have a default, result."""


def shape_of(connection: Connection) -> Shape:
    return Shape(
        {name: (kind, needed) for name, kind, needed in connection.execute(_COLUMNS)},
        frozenset(connection.scalars(_UNIQUE)),
        frozenset(tuple(row) for row in connection.execute(_FUNCTIONS)),
    )


def missing(before: Shape, now: Shape) -> list[str]:
    """Columns and functions that a process that knows the shape of before asks for in vain."""
    gone = [
        name
        for name, (kind, _) in before.columns.items()
        if now.columns.get(name, ("",))[0] != kind
    ]
    tables = {name.split(".")[0] for name in before.columns}
    asked = [
        name
        for name, (_, needed) in now.columns.items()
        if needed and not before.columns.get(name, ("", False))[1] and name.split(".")[0] in tables
    ]
    called = [f"{one[0]}({one[1]})" for one in before.functions if not _answered(one, now)]
    return sorted([*gone, *asked, *(before.unique - now.unique), *called])


def _answered(asked: tuple[str, str, int, str], now: Shape) -> bool:
    """Say whether a function takes these arguments, has defaults for the others, and returns the same."""
    name, arguments, _, result = asked
    return any(
        (found, told) == (name, result)
        and re.match(re.escape(arguments) + r"($|, )", has)
        and len(has.split(", ")) - defaults <= len(arguments.split(", "))
        for found, has, defaults, told in now.functions
    )


@pytest.fixture
def shapes(unmigrated: str) -> dict[str, Shape]:
    """The database of each of those releases, and today's."""
    found = {}
    for revision in (*BESIDE, head()):
        upgrade(unmigrated, revision)
        store = connect(unmigrated, guarded=False)
        found[revision] = in_transaction(store, shape_of)
        store.dispose()
    return found


# A column that only the scheduler of a trigger fills must be named by nobody.
FILLED_BY_TRIGGERS = {"batch_pace.channel"}


def test_whatever_the_release_before_asks_for_is_there(shapes: dict[str, Shape]) -> None:
    for revision in BESIDE:
        found = set(missing(shapes[revision], shapes[head()])) - FILLED_BY_TRIGGERS
        assert found == set(), f"a process of {revision} asks for it: see worker/store/migrations"


def test_what_older_processes_count_is_counted(engine: Engine) -> None:
    by_name = (
        "INSERT INTO tally (name, n) VALUES ('side', 2)"
        " ON CONFLICT (name) DO UPDATE SET n = tally.n + 2"
    )
    by_slot = (
        "INSERT INTO tally (name, slot, n) VALUES ('side', {}, 3)"
        " ON CONFLICT (name, slot) DO UPDATE SET n = tally.n + 3"
    )
    with engine.begin() as connection:
        for statement in (by_name, by_slot.format(7), by_slot.format(9), by_name):
            connection.exec_driver_sql(statement)
    add_tallies(engine, {"side": 5})

    assert in_transaction(engine, tallies.read)["side"] == 15
