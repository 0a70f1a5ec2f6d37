"""A house in two processes: everybody is reached on every channel, it weighs little, and it ends in order."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.factories import ANY_TIME
from tests.fixtures.house import DEADLINE, ROOT, get, wait_until
from tests.fixtures.sandbox import Sandbox
from worker.desk.audit import attempt_tokens
from worker.desk.batches import create_batch, show_batch
from worker.desk.campaigns import create_campaign
from worker.desk.processes import examine_processes
from worker.desk.uploads import upload_requests
from worker.domain.statuses import AttemptState
from worker.heartbeat import KINDS
from worker.local.ports import free_port
from worker.store.connect import Engine

pytestmark = [
    pytest.mark.turn(2),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]

BY = "ana@example.com"
PEOPLE = 5
MOST_MEGABYTES = 240
"""Of all three processes, after they have reached people on every channel."""
SMALL = ("-m", "worker.cli.main", "run", "--small")
CONTENT: dict[str, dict[str, object]] = {
    "voice": {"source": "+15125550100", "twiml": "<Response><Say>Hello</Say></Response>"},
    "sms": {"source": "+15125550100", "body": "Hello"},
    "email": {"source": "ana@example.com", "subject": "Hello", "text": "Hello"},
}


@pytest.fixture
def environment(
    database_url: str,
    broker_url: str,
    sandbox: Sandbox,
    sandbox_process: tuple[Sandbox, int],
    tmp_path: Path,
) -> dict[str, str]:
    """With the sandbox for a provider."""
    web, api = sandbox_process[1], free_port()
    return os.environ | {
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "STATE_DIR": str(tmp_path),
        "HEARTBEAT_DIR": str(tmp_path / "alive"),
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "TWILIO_API_URL": sandbox.url,
        "SENDGRID_API_KEY": sandbox.api_key,
        "SENDGRID_API_URL": sandbox.url,
        "SENDGRID_WEBHOOK_KEY": sandbox.public_key,
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "WEB_PORT": str(web),
        "API_PORT": str(api),
        "FLOWER_BASIC_AUTH": "ana:password",
        "PROFILE": "fast",
        "COVERAGE_PROCESS_CONFIG": "",
    }


@pytest.fixture
def small(environment: dict[str, str], tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The house, once both its doors are open."""
    with (tmp_path / "small.log").open("ab") as log:
        house = subprocess.Popen(
            [sys.executable, *SMALL], env=environment, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        wait_until(lambda: answers(environment["API_PORT"], "/health/ready"))
        wait_until(lambda: answers(environment["WEB_PORT"], "/health/live"))
        yield house
    finally:
        house.terminate()
        house.wait(DEADLINE)


def answers(port: str, path: str) -> bool:
    try:
        return bool(get(f"http://127.0.0.1:{port}{path}"))
    except OSError:
        return False


def upload(engine: Engine, batch_id: str, channel: str, first: int) -> None:
    """A batch of a few people, numbered from the first one on."""
    fields = {"campaign_name": batch_id, "mode": channel}
    campaign = create_campaign(engine, fields | ANY_TIME | CONTENT[channel], by=BY)
    create_batch(engine, {"batch_id": batch_id, "campaign_id": campaign.id}, by=BY)
    people = range(first, first + PEOPLE)
    targets = (
        f"person{n}@example.com" if channel == "email" else f"+1512555{n:04}" for n in people
    )
    rows = [f"R{n},{target}" for n, target in zip(people, targets, strict=True)]
    file = io.BytesIO("\n".join(["reference_id,target", *rows, ""]).encode())
    upload_requests(engine, batch_id, file=file, filename="requests.csv", by=BY)


def completed(engine: Engine, batch_id: str) -> int:
    counts = show_batch(engine, batch_id).counts
    return sum(count.n for count in counts if count.request_status.value == "COMPLETED")


def test_a_house_in_two_processes_reaches_everybody_and_ends_in_order(
    small: "subprocess.Popen[bytes]",
    engine: Engine,
    sandbox: Sandbox,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    for channel in CONTENT:
        upload(engine, f"small-{channel}", channel, 7200)
    wait_until(lambda: all(completed(engine, f"small-{channel}") == PEOPLE for channel in CONTENT))

    # A call and a text to each number, and a mail to each mailbox.
    contacts = [(contact["kind"], contact["to"]) for contact in sandbox.ledger()]
    assert len(contacts) == len(set(contacts)) == len(CONTENT) * PEOPLE
    said = subprocess.run(
        [sys.executable, "-m", "worker.cli.entry", "alive"], env=environment, cwd=ROOT, check=False
    )
    assert said.returncode == 0
    alive = {file.name.partition(".")[0] for file in (tmp_path / "alive").iterdir()}
    assert alive == set(KINDS)
    assert [one for one in examine_processes(engine, KINDS) if not one.well] == []
    parts = psutil.Process(small.pid).children()
    held = sum(one.memory_full_info().pss for one in [psutil.Process(small.pid), *parts]) / 2**20
    assert len(parts) == 2
    assert held <= MOST_MEGABYTES

    sandbox.change(latency_ms=1500)
    posted = sandbox.summary()["posts"]
    upload(engine, "small-last", "voice", 7300)
    wait_until(lambda: bool(sandbox.summary()["posts"] == posted + PEOPLE))
    assert sandbox.summary()["contacts"] == len(contacts)
    small.send_signal(signal.SIGTERM)

    assert small.wait(DEADLINE) == 0
    assert [one for one in parts if one.is_running()] == []
    assert list((tmp_path / "alive").iterdir()) == []
    assert set(attempt_tokens(engine).values()) <= {AttemptState.ACCEPTED, AttemptState.DONE}
    assert sandbox.summary()["contacts"] == len(contacts) + PEOPLE
