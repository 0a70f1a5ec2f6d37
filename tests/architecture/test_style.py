"""Functions one can read at a glance: short, named by what they do, told in a sentence."""

import ast
import re
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 40
MEDIAN, NINE_IN_TEN = 6, 15
NOT_VERBS = re.compile(
    r"(?!need|feed|seed|exceed|embed|proceed|succeed)[a-z]+ed|given|known|held|kept|made|sent|seen|taken|told"
    r"|written|begun|found|left|lost|bound|chosen|drawn|gone|heard|laid|said|shown"
)
"""Participles; `read`, `set` and `put` are verbs, too."""
OPENINGS = re.compile(r"(What|Who|Whether|How)\b")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def nodes() -> list[tuple[str, ast.AST]]:
    """Everything that is written, by file. Parsed here: at the top every run would pay for it."""
    return [
        (path.relative_to(ROOT).as_posix(), node)
        for room in ("config", "tasks", "worker")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | Function)
    ]


@pytest.fixture(scope="module")
def functions(nodes: list[tuple[str, ast.AST]]) -> list[tuple[str, Function]]:
    """Every function, by file."""
    return [(file, node) for file, node in nodes if isinstance(node, Function)]


def lines(function: Function) -> int:
    """The lines of its body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short(functions: list[tuple[str, Function]]) -> None:
    lengths = [lines(function) for _, function in functions]

    assert [f"{file}:{one.name}" for file, one in functions if lines(one) > LONGEST] == []
    assert median(lengths) <= MEDIAN
    assert quantiles(lengths, n=10)[-1] <= NINE_IN_TEN


def test_functions_are_named_by_verbs_or_things_not_by_participles(
    functions: list[tuple[str, Function]],
) -> None:
    participles = [
        f"{file}:{one.name}"
        for file, one in functions
        if NOT_VERBS.fullmatch(one.name.strip("_").split("_")[0])
    ]

    assert len(participles) / len(functions) <= 0.03, participles


def test_docstrings_begin_with_a_verb_or_a_subject(nodes: list[tuple[str, ast.AST]]) -> None:
    docs = {
        f"{file}:{getattr(node, 'name', 'module')}": ast.get_docstring(node)
        for file, node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    said = {name: doc for name, doc in docs.items() if doc}
    veiled = [name for name, doc in said.items() if OPENINGS.match(doc)]

    assert len(veiled) / len(said) <= 0.02, veiled
