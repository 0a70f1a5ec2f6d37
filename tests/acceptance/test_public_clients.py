"""Unmodified wheels of the public SDK drive the real process, with real dispatch in between."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.acceptance.sdk.environments import DRIVER, python_with, versions
from tests.doors import running
from tests.factories import ANY_TIME
from tests.fixtures.house import Inhabited, wait_until
from worker.desk.campaigns import create_campaign
from worker.domain.contract.outbound.generations import generation_of
from worker.domain.statuses import RequestStatus
from worker.local.ports import free_port

pytestmark = pytest.mark.turn(1)

# The newest, unless it is said which: `.ci/run` has the oldest as well, `make prove` all of them.
CHOSEN = os.environ.get("SDK_VERSIONS", versions()[-1]).split()
WORDS = {
    "campaign_name": "words",
    "mode": "email",
    "source": "hello@example.com",
    "subject": "Hello",
    "text": "Hello, see you soon",
    **ANY_TIME,
}
REACHED = ["ana", "ben", "cy+bounce", "dee"]
OWNER = "ana@example.com"
# What became of whom, whatever a generation calls it.
BECAME = {
    "a1": RequestStatus.COMPLETED,
    "a2": RequestStatus.CANCELED,
    "f0": RequestStatus.COMPLETED,
    "f1": RequestStatus.COMPLETED,
    "f2": RequestStatus.INVALID,
    "f3": RequestStatus.INVALID,
    "f4": RequestStatus.DUPLICATE,
}


@pytest.fixture(scope="module")
def api(inhabited: Inhabited, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A process of the API whose campaigns take their words, mode and source from another one."""
    create_campaign(inhabited.engine, WORDS, by=OWNER)
    port = free_port()
    own = {"API_PORT": str(port), "API_TEMPLATE": "words"}
    output = tmp_path_factory.mktemp("api") / "api.log"
    with running(("-m", "worker.api"), {**inhabited.environment, **own}, output):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url))
        yield url


@pytest.fixture(scope="module")
def api_key(inhabited: Inhabited) -> str:
    """A key that may operate."""
    made = inhabited.run("key", "create", "sdk", "--role", "operate", "--as", OWNER)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def answers(url: str) -> bool:
    """Whether the process is there."""
    try:
        with urlopen(f"{url}/health/live", timeout=5) as answer:  # noqa: S310  loopback
            return bool(answer.status == 200)
    except OSError:
        return False


def drive(version: str, url: str, key: str) -> dict[str, Any]:
    """What a client of this version tells of its run."""
    done = subprocess.run(
        [python_with(version), "-W", "ignore", str(DRIVER)],
        env={"API_URL": url, "API_KEY": key},
        cwd=Path(DRIVER).parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("version", CHOSEN)
def test_a_client_of_each_generation_drives_all_of_it(
    inhabited: Inhabited, api: str, api_key: str, version: str
) -> None:
    before = len(inhabited.sandbox("contents"))
    told = drive(version, api, api_key)
    contacted = [one["to"].partition("@")[0] for one in inhabited.sandbox("contents")[before:]]

    speaks = generation_of(f"speakeasy-sdk/python {version} 1 1 syllable-sdk")
    named = {reference: speaks.status(status) for reference, status in BECAME.items()}
    assert told["results"] == sorted([one, status] for one, status in named.items())
    assert told.get("chosen", ["a1", "f0", "f1"]) == ["a1", "f0", "f1"]
    assert told["held"] == "PAUSED"
    assert told["deleted"] == "übrig"
    assert (told["campaign"]["retry_count"], told["campaign"]["last_updated_by"]) == (1, OWNER)
    for sure in ("same campaign", "campaigns found", "batches found"):
        assert told[sure] is True
    for conflict in ("other campaign", "other batch", "other request"):
        assert told[conflict][0] == 409
    assert (told["add to deleted"][0], told["change deleted"][0]) == (409, 409)
    assert told.get("deleted campaign", [404])[0] == 404
    assert told["refused"] == {
        "unknown batch": [404],
        "unknown campaign": [404],
        "wrong key": [401],
        "wrong batch_id": [422, "batch_id"],
        "long reference": [422, "reference_id"],
        "spreadsheet": [422, "file"],
    }
    assert sorted(contacted) == REACHED
