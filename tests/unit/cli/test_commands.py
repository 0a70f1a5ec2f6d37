"""A command imports what it needs itself: modules are counted, for seconds depend on the machine."""

import subprocess
import sys
from inspect import cleandoc
from typing import Any

import pytest

from tests.fixtures.house import ROOT
from worker.cli.commands import NOUNS, commands
from worker.cli.later import Later

ASK = """
import sys
from worker.cli.main import main
sys.argv[0] = "outreach"
try:
    main()
finally:
    print(*sys.modules, sep="\\n", file=sys.stderr)
"""
HEAVY = {"alembic", "celery", "flower", "kombu", "requests", "sendgrid", "twilio", "uvicorn"}
FOR_THE_HELP = {
    "worker",
    "worker.cli",
    "worker.cli.main",
    "worker.cli.commands",
    "worker.cli.later",
}
MOST_FOR_THE_HELP = 600
LINES: list[tuple[str, ...]] = [("--help",), *((noun, "--help") for noun in NOUNS)]
LISTINGS = [
    "batch list",
    "campaign list",
    "audit list",
    "attempts",
    "dead-letters list",
    "suppress list",
]


def imported(*words: str) -> set[str]:
    """The modules that are there after a command has run."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(asked.stderr.splitlines())


def leaves() -> dict[str, Later]:
    """Every command that does something, by its words."""
    found: dict[str, Later] = {}
    for name, command in commands().items():
        inner: dict[str, Any] = getattr(command, "commands", {"": command})
        found |= {f"{name} {verb}".strip(): leaf for verb, leaf in inner.items()}
    return found


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_help_imports_nothing_that_works(words: tuple[str, ...]) -> None:
    modules = imported(*words)

    ours = {name for name in modules if name.partition(".")[0] in {"config", "tasks", "worker"}}
    assert ours == FOR_THE_HELP
    assert not modules & {*HEAVY, "aiohttp", "liquid", "phonenumbers", "psycopg", "sqlalchemy"}
    assert len(modules) < MOST_FOR_THE_HELP


@pytest.mark.parametrize("words", LISTINGS)
def test_a_listing_imports_no_sdk(words: str) -> None:
    modules = imported(*words.split(), "--help")

    assert "sqlalchemy" in modules, "it would be ready to ask"
    assert not modules & {*HEAVY, "aiohttp"}


@pytest.mark.parametrize("words", leaves())
def test_the_list_says_of_a_command_what_its_own_help_says(words: str) -> None:
    leaf = leaves()[words]

    assert leaf.help == cleandoc(leaf.command().help).partition("\n\n")[0].replace("\n", " ")
