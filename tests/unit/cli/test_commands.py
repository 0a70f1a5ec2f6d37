"""A command imports what it needs itself: modules are counted, for seconds depend on the machine."""

import os
import subprocess
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import pytest

from tests.doors import UNCOUNTED, settings
from tests.fixtures.house import ROOT
from worker.cli.commands import NOUNS, commands
from worker.cli.later import Later

ASK = """
import sys
from contextlib import suppress
from worker.cli.main import main
for line in sys.argv[1:]:
    sys.argv = ["outreach", *line.split()]
    with suppress(SystemExit):
        main()
print(*sys.modules, sep="\\n", file=sys.stderr)
"""
HEAVY = {
    *("aiohttp", "alembic", "apprise", "babel", "celery", "fastapi", "flower", "jinja2", "kombu"),
    *("liquid", "opentelemetry", "phonenumbers.timezone", "redis", "requests", "sendgrid"),
    *("starlette", "twilio", "uvicorn", "uvloop"),
}
FOR_THE_HELP = {
    "worker",
    "worker.cli",
    "worker.cli.encoding",
    "worker.cli.main",
    "worker.cli.commands",
    "worker.cli.later",
}
MOST_FOR_THE_HELP = 600
MOST_FOR_A_LISTING = 900
HELP = ["--help", *(f"{noun} --help" for noun in NOUNS)]
LISTINGS = [*(f"{noun} list" for noun, (_, verbs) in NOUNS.items() if "list" in verbs), "attempts"]
NOWHERE = "postgresql://outreach@127.0.0.1:1/outreach"


def imported(*lines: str, **environment: str) -> set[str]:
    """The modules that are there after these commands have run."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *lines],
        cwd=ROOT,
        env=os.environ | environment | UNCOUNTED,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return set(asked.stderr.splitlines())


def leaves() -> dict[str, Later]:
    """Every command that does something, by its words."""
    found: dict[str, Later] = {}
    for name, command in commands().items():
        inner: dict[str, Any] = getattr(command, "commands", {"": command})
        found |= {f"{name} {verb}".strip(): leaf for verb, leaf in inner.items()}
    return found


def test_help_imports_nothing_that_works() -> None:
    modules = imported(*HELP)

    ours = {name for name in modules if name.partition(".")[0] in {"config", "tasks", "worker"}}
    assert ours == FOR_THE_HELP
    assert not modules & {*HEAVY, "phonenumbers", "psycopg", "sqlalchemy"}
    assert len(modules) < MOST_FOR_THE_HELP


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", LISTINGS)
def test_a_listing_imports_what_it_asks_and_shows_with(words: str, tmp_path: Path) -> None:
    modules = imported(words, **settings(NOWHERE, "redis://127.0.0.1:1/0", tmp_path))

    assert modules >= ({"typer"} if words == "messages list" else {"psycopg", "worker.runtime"})
    assert not modules & HEAVY
    assert len(modules) < MOST_FOR_A_LISTING


def test_doctor_imports_the_clients_it_asks_with_and_nothing_that_sends(tmp_path: Path) -> None:
    modules = imported("doctor", **settings(NOWHERE, "redis://127.0.0.1:1/0", tmp_path))

    assert modules >= {"redis", "psycopg"}
    assert not modules & {*HEAVY - {"redis", "twilio"}, "phonenumbers", "twilio.rest"}
    assert len(modules) < MOST_FOR_A_LISTING


@pytest.mark.parametrize("words", leaves())
def test_the_list_says_of_a_command_what_its_own_help_says(words: str) -> None:
    leaf = leaves()[words]

    assert leaf.help == cleandoc(leaf.command().help).partition("\n\n")[0].replace("\n", " ")
