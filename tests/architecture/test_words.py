"""One word for one thing: what has a word bears it, and words given up are not taken again."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.store.schema import metadata

ROOT = Path(__file__).parents[2]
ON_THE_WIRE = ("worker/domain/contract", "worker/api")
WORDS = {
    "AnswerBuffer": "answer_buffer",
    "PacingState": "pacing",
    "ProviderLoop": "provider_loop",
    "Timeouts": "timeouts",
}
"""By a type: the name of every parameter and field that holds one."""
RANK = re.compile(r"\w*RANK = \d|\brank=\d|rank[^\n]* [<>]=? \d")
GIVEN_UP = {"keeper", "letterbox", "settle", "strangers", "refuse_strangers", "verdict_wait"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every file of ours, parsed."""
    for room in ("config", "tasks", "worker"):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def names_in(tree: ast.AST) -> set[str]:
    """Every variable, parameter, attribute and function."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case _:
                pass
    return names


def variables_in(tree: ast.AST) -> set[str]:
    """Every variable, parameter and field, but no attribute of what others made."""
    nodes = list(ast.walk(tree))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.arg for node in nodes if isinstance(node, ast.arg)
    }


def typed_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The type and the name of every parameter and field."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name, annotation=ast.Name(id=kind)):
                yield kind, name
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=kind)):
                yield kind, name
            case _:
                pass


def test_channel_is_called_mode_on_the_wire_only() -> None:
    told = {file: variables_in(tree) & {"mode", "modes"} for file, tree in trees()}

    assert [
        name for name, found in told.items() if found and not name.startswith(ON_THE_WIRE)
    ] == []
    # Where it is made from the channel, processes of a release that calls it so ask for it.
    columns = {table.name: table.columns.get("mode") for table in metadata.sorted_tables}
    assert [n for n, one in columns.items() if one is not None and one.computed is None] == [
        "campaign"
    ]


@pytest.mark.parametrize("kind", WORDS)
def test_what_has_a_word_bears_it_everywhere(kind: str) -> None:
    found = [(file, name) for file, tree in trees() for of, name in typed_in(tree) if of == kind]

    assert found
    assert [one for one in found if one[1] != WORDS[kind]] == []


def test_words_that_were_given_up_are_not_taken_again() -> None:
    assert {file: found for file, tree in trees() if (found := names_in(tree) & GIVEN_UP)} == {}


def test_ranks_are_written_where_a_provider_is_read_and_nowhere_else() -> None:
    written = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "worker").rglob("*.py")
        if RANK.search(path.read_text(encoding="utf-8"))
    }

    assert {file for file in written if not file.startswith("worker/providers/")} == {
        "worker/domain/evidence/reports.py"
    }
