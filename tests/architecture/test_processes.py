"""What an idle process keeps in memory: modules are counted, for megabytes depend on the machine."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.doors import UNCOUNTED, settings
from tests.procfile import LINES
from worker.local import forks
from worker.local.stack import PROCFILE

ROOT = PROCFILE.parents[2]
NOWHERE = ("postgresql://outreach@127.0.0.1:1/outreach", "redis://127.0.0.1:1/0")
ASK = "import sys; [__import__(name) for name in sys.argv[1:]]; print(*sys.modules)"
WORKER = ("tasks.process", "tasks.app", "tasks.deliver", "tasks.start", "tasks.triggers")
FLOWER = "flower"
"""Not of ours: it is Celery's command line, and the largest process by itself."""

# By a line of the Procfile: what it imports before it waits for work, and how many modules that may be.
KINDS: dict[str, tuple[tuple[str, ...], int]] = {
    **dict.fromkeys(("voice", "sms", "email", "triggers"), ((*WORKER, "celery.apps.worker"), 1300)),
    "scheduler": (("tasks.scheduler",), 1100),
    "stream": (("tasks.stream",), 1100),
    "webhooks": (("tasks.webhooks",), 750),
    "web": (("worker.web.__main__",), 1200),
    "api": (("worker.api.__main__",), 1500),
}
NOBODYS = {
    *(
        "alembic",
        "apprise",
        "celery.bin",
        "flower",
        "opentelemetry.sdk",
        "prompt_toolkit",
        "pygments",
    ),
    *("pytest", "rich", "twilio.rest", "typer", "worker.cli", "worker.local", "worker.sandbox"),
}
"""What belongs to none of them; the SDKs come with the first message."""
SHARED = ("config.lean_imports", *forks.SHARED)
OWN = 25
"""Modules, all of them of ours, that a process may import after it was forked."""
DOORS = {"web", "api", "webhooks"}
"""Those that speak no Celery."""


@cache
def modules_of(wanted: tuple[str, ...], state_dir: Path) -> set[str]:
    """What is there after these have been imported."""
    environment = settings(*NOWHERE, state_dir) | UNCOUNTED
    asked = subprocess.run(
        [sys.executable, "-c", ASK, *wanted],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(asked.stdout.split())


def test_every_line_of_the_procfile_is_bounded() -> None:
    assert {*KINDS, FLOWER} == set(LINES)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", KINDS)
def test_a_process_imports_what_it_needs(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wanted, most = KINDS[name]

    there = modules_of(wanted, tmp_path_factory.getbasetemp())

    assert there & NOBODYS == set()
    assert len(there) <= most
    assert len(there - modules_of(SHARED, tmp_path_factory.getbasetemp())) <= OWN
    if name in DOORS:
        assert there & {"celery", "kombu"} == set()
    if name != "api":
        assert there & {"fastapi", "jinja2"} == set()
