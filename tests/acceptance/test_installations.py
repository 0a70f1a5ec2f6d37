"""Thirty people are reached by an installation far from any checkout: the wheel's, and the image's."""

import csv
import io
import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_wheel import empty_database, installed, source, wheel
from tests.fixtures.house import get, wait_until
from worker.local.environment import plan_sandbox
from worker.local.ports import free_port
from worker.local.stack import start_sandbox

pytestmark = pytest.mark.turn(1)

__all__ = ["empty_database", "installed", "source", "wheel"]
IMAGE = os.environ.get("IMAGE", "")
PROCESSES = ("scheduler", "voice", "sms", "email", "web")
CHANNELS = ("voice", "sms", "email")
EACH = 10
OPEN = {"PENDING", "INITIATED", "CONNECTED"}
MEGABYTES = 150
"""Of the image, without its base."""
WORDS: dict[str, dict[str, Any]] = {
    "voice": {
        "source": "+15125550100",
        "twiml": "<Response><Say>Hello {{ name }}</Say></Response>",
    },
    "sms": {"source": "+15125550100", "body": "Hello {{ name }}"},
    "email": {"source": "hello@example.com", "subject": "Hello", "text": "Hello {{ name }}"},
}
TARGETS = {
    "voice": "+1312403{:04}",
    "sms": "+1404613{:04}",
    "email": "ana{}@example.com",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Somewhere the product is installed, and the settings it runs with there."""

    command: tuple[str, ...]
    """What stands before the words of a Python program."""
    settings: dict[str, str]
    folder: Path
    within: bool
    """Whether the settings have to be handed into it one by one."""

    def line(self, *words: str) -> list[str]:
        """The whole line that runs a Python program there."""
        if not self.within:
            return [*self.command, *words]
        handed = [f"--env={name}={value}" for name, value in self.settings.items()]
        program, verb, name = self.command
        shared = f"--volume={self.folder}:{self.folder}"
        return [program, verb, shared, *handed, name, "python", *words]

    def environment(self) -> dict[str, str]:
        """What the line is started with."""
        if self.within:
            return dict(os.environ)
        return {"PATH": os.defpath, "HOME": str(self.folder), **self.settings}

    def outreach(self, *words: str) -> str:
        """What a command of the operator's prints there."""
        done = subprocess.run(
            self.line("-m", "worker.cli.entry", *words),
            env=self.environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the state, the files and the logs are: the image's own user may write there too.

    Not below pytest's folder, which is closed to others: opened here, servers that other tests start
    would take it for one that stays open.
    """
    with tempfile.TemporaryDirectory(prefix="outreach-installed-") as made:
        Path(made).chmod(0o777)
        yield Path(made)


@pytest.fixture
def sandbox_url(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A sandbox whose callbacks come to us, and the settings beside it."""
    plan = plan_sandbox()
    web, api = free_port(), free_port()
    public = f"http://127.0.0.1:{web}"
    settings = {**plan.settings, "PUBLIC_URL": public, "WEB_PORT": str(web), "API_PORT": str(api)}
    with ExitStack() as stack:
        start_sandbox(stack, folder, {"PUBLIC_URL": public}, plan)
        yield plan.url, settings


@pytest.fixture
def settings(
    empty_database: str,
    durable: None,
    broker_url: str,
    folder: Path,
    sandbox_url: tuple[str, dict[str, str]],
) -> dict[str, str]:
    """Every setting that must be set."""
    return {
        **sandbox_url[1],
        "DATABASE_URL": empty_database,
        "BROKER_URL": broker_url,
        "STATE_DIR": str(folder / "state"),
        "FLOWER_BASIC_AUTH": "ana:password",
        "OPERATOR_EMAIL": "ana@example.com",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def of_the_wheel(installed: Path, settings: dict[str, str], folder: Path) -> Installation:
    return Installation((str(installed / "python"),), settings, folder, within=False)


@pytest.fixture
def of_the_image(settings: dict[str, str], folder: Path) -> Iterator[Installation]:
    if not IMAGE:
        pytest.skip("IMAGE is not set: .ci/image builds one without a daemon")
    name = buildah("from", IMAGE)
    yield Installation(("buildah", "run", name), settings, folder, within=True)
    buildah("rm", name)


def buildah(*words: str) -> str:
    """What the builder answers."""
    done = subprocess.run(["buildah", *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(params=["wheel", "image"])
def installation(request: pytest.FixtureRequest) -> Installation:
    """Each of them in turn."""
    found: Installation = request.getfixturevalue(f"of_the_{request.param}")
    return found


@pytest.fixture
def running(installation: Installation) -> Iterator[Installation]:
    """It, with a database of today and its processes at work."""
    installation.outreach("db", "upgrade")
    with ExitStack() as stack:
        for name in PROCESSES:
            log = stack.enter_context((installation.folder / f"{name}.log").open("wb"))
            stack.callback(stop, start(installation, ("-m", "tasks.process", name), log))
        yield installation


def start(installation: Installation, words: Sequence[str], log: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        installation.line(*words),
        env=installation.environment(),
        cwd=installation.folder,
        stdout=log,
        stderr=log,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    assert process.wait(60) is not None


def upload(installation: Installation, channel: str) -> None:
    """A campaign of the channel, and a batch with ten people in it."""
    words, people = installation.folder / f"{channel}.json", installation.folder / f"{channel}.csv"
    day = {"daily_start_time": "00:00:00", "daily_end_time": "23:59:59", "recipient_hours": False}
    campaign = {"campaign_name": channel, "mode": channel, **day, **WORDS[channel]}
    words.write_text(json.dumps(campaign), encoding="utf-8")
    rows = [f"{channel}-{n},{TARGETS[channel].format(3100 + n)},Ana" for n in range(EACH)]
    people.write_text("\n".join(["reference_id,target,name", *rows]), encoding="utf-8")
    installation.outreach("campaign", "create", str(words))
    installation.outreach("batch", "create", channel, "--campaign", channel)
    installation.outreach("batch", "upload", channel, str(people))


def statuses(installation: Installation, channel: str) -> Counter[str]:
    """How many requests ended how."""
    told = installation.outreach("batch", "results", channel, "--csv")
    return Counter(row["request_status"] for row in csv.DictReader(io.StringIO(told)))


def test_thirty_people_are_reached_once(
    running: Installation, sandbox_url: tuple[str, dict[str, str]]
) -> None:
    for channel in CHANNELS:
        upload(running, channel)

    ledger = f"{sandbox_url[0]}/sandbox/ledger"
    wait_until(lambda: len(get(ledger)) == len(CHANNELS) * EACH)
    wait_until(lambda: not any(OPEN & set(statuses(running, one)) for one in CHANNELS))

    contacts = Counter(one["to"] for one in get(ledger))
    for channel in CHANNELS:
        ended = statuses(running, channel)
        assert set(ended) <= {"COMPLETED", "FAILED"}, ended
        assert ended.total() == EACH
    assert len(contacts) == len(CHANNELS) * EACH
    assert max(contacts.values()) == 1


def test_the_image_is_small_and_says_what_runs(of_the_image: Installation) -> None:
    told = of_the_image.outreach("version")
    mounted = Path(buildah("mount", of_the_image.command[-1]))
    held = sum(file.lstat().st_size for file in (mounted / "opt/outreach").rglob("*"))

    assert told.startswith("outreach ")
    assert held <= MEGABYTES * 1_000_000
    assert buildah("inspect", "--format", "{{.OCIv1.Config.User}}", IMAGE) == "10001:10001"
    assert not (mounted / "source").exists()
