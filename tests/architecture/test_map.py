"""The map of the house is true: each file it names is there, each room is named, each term has its thing."""

import ast
import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

import worker
from worker.store.schema import metadata

ROOT = Path(__file__).parents[2]
MAP = worker.__doc__ or ""
WALKS, _, GLOSSARY = MAP.partition("Glossary")
TERM = re.compile(r"^([a-z][a-z ]+?) {2,}(?:.|\n {16})*?\[([\w.]+)\]$", re.MULTILINE)
TERMS = dict(TERM.findall(GLOSSARY))
FILES = re.compile(r"`([a-z_/]+/[a-z_/]*\.?[a-z]*)`")


@pytest.mark.parametrize("name", sorted(set(FILES.findall(MAP))))
def test_a_file_it_names_is_there(name: str) -> None:
    assert any((ROOT / place / name).exists() for place in ("", "worker"))


def test_every_room_is_named() -> None:
    rooms = {path.parent.name for path in (ROOT / "worker").glob("*/__init__.py")} | {"tasks"}

    assert {room for room in rooms if not re.search(rf"\b{room}\b", WALKS)} == set()


@pytest.mark.parametrize("room", ["dispatch", "domain/evidence", "limits"])
def test_the_walks_pass_by_every_file_of_a_room_they_cross(room: str) -> None:
    files = {path.name for path in (ROOT / "worker" / room).glob("*.py")} - {"__init__.py"}

    assert {name for name in files if not re.search(rf"\b{re.escape(name)}`", WALKS)} == set()


@pytest.mark.parametrize(
    "name",
    [
        *("heartbeat.py", "desk/waiting_uploads.py", "api/clerk.py", "tasks/publish.py"),
        *("tasks/intake.py", "tasks/start.py", "web/signed.py", "web/bodies.py", "web/tallies.py"),
        "store/tallies.py",
    ],
)
def test_the_walks_pass_by_what_lies_between_the_rooms(name: str) -> None:
    assert f"`{name}`" in WALKS


def test_the_glossary_is_read_whole() -> None:
    assert len(TERMS) == GLOSSARY.count("[")
    assert len(TERMS) >= 25


@pytest.mark.parametrize("term", sorted(TERMS))
def test_a_term_of_the_glossary_has_its_thing(term: str) -> None:
    table, _, column = TERMS[term].partition(".")
    if table in metadata.tables:
        assert not column or column in metadata.tables[table].columns
        return
    module, _, name = TERMS[term].rpartition(".")
    assert isinstance(getattr(importlib.import_module(f"worker.{module}"), name), type)


def test_no_class_has_the_name_of_another() -> None:
    names = Counter(
        node.name
        for path in (ROOT / "worker").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert {name: n for name, n in names.items() if n > 1} == {}
