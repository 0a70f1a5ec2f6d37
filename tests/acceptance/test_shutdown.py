"""A worker that ends in the middle of a chunk: asked to, or killed."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from redis import Redis

from tests.factories import ANY_TIME
from tests.fixtures.ground import Ground
from tests.fixtures.house import DEADLINE, ROOT, run_python, wait_until
from tests.fixtures.sandbox import Sandbox
from worker.desk.audit import attempt_tokens
from worker.desk.batches import create_batch, show_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests
from worker.domain.statuses import AttemptState
from worker.local.ports import free_port
from worker.store.connect import Engine

pytestmark = [
    pytest.mark.turn(1),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]

BY = "ana@example.com"
PEOPLE = 6
# How long the sandbox thinks before it accepts anybody: all of it is the middle of the chunk.
LATENCY_MS = 1500
SCHEDULER = ("-m", "tasks.scheduler")
WEB = ("-m", "worker.web")
LOST_ANSWERS = 4
PUBLISH_ONCE = ("-c", "from tasks.publish import scan_and_publish; assert scan_and_publish() == 1")

CONTENT: dict[str, dict[str, object]] = {
    "voice": {"twiml": "<Response><Say>Hello</Say></Response>"},
    "sms": {"body": "Hello"},
}


@dataclass(frozen=True, slots=True)
class Office:
    """Services, a sandbox, and the environment of the processes in between."""

    environment: Mapping[str, str]
    engine: Engine
    sandbox: Sandbox
    log: Path

    @contextmanager
    def running(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A process of the project; it is gone when the block ends."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE)
            finally:
                process.kill()
                process.wait()

    @contextmanager
    def working(self, channel: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A worker of one channel that has begun to listen."""
        name = f"{channel}{os.urandom(4).hex()}@here"
        options = ("-Q", channel, "-n", name, "-P", "threads", "-c", "2", "--without-mingle")
        with self.running("-m", "celery", "-A", "tasks.app", "worker", *options) as worker:
            wait_until(lambda: f"{name} ready" in self.log.read_text(encoding="utf-8"))
            yield worker

    def wait_until_all_are_on_the_wire(self) -> None:
        """Every request has reached the sandbox, which has accepted none of them."""
        wait_until(lambda: bool(self.sandbox.summary()["posts"] == PEOPLE))
        assert self.sandbox.summary()["contacts"] == 0

    def counts(self) -> dict[str, int]:
        """The batch's requests by status."""
        counts = show_batch(self.engine, "cut-short").counts
        return {count.request_status.value: count.n for count in counts if count.n}

    def contacts_by_address(self) -> list[int]:
        """How often each address was contacted."""
        addresses = [entry["to"] for entry in self.sandbox.ledger()]
        return [addresses.count(address) for address in sorted(set(addresses))]


@pytest.fixture
def office(
    engine: Engine, database_url: str, broker_url: str, sandbox: Sandbox, tmp_path: Path
) -> Office:
    """With a slow provider that reports by callback."""
    sandbox.change(latency_ms=LATENCY_MS)
    port = str(free_port())
    environment = {
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "STATE_DIR": str(tmp_path),
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "TWILIO_API_URL": sandbox.url,
        "SENDGRID_API_KEY": sandbox.api_key,
        "SENDGRID_API_URL": sandbox.url,
        "SENDGRID_WEBHOOK_KEY": sandbox.public_key,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEB_PORT": port,
        "FLOWER_BASIC_AUTH": "ana:password",
        "PYTHONUNBUFFERED": "1",
    }
    return Office({**os.environ, **environment}, engine, sandbox, tmp_path / "processes.log")


def upload(office: Office, channel: str) -> None:
    """One chunk of work."""
    fields = {"campaign_name": "cut short", "mode": channel, "source": "+15125550100"}
    campaign = create_campaign(office.engine, fields | ANY_TIME | CONTENT[channel], by=BY)
    batch = {"batch_id": "cut-short", "campaign_id": campaign.id}
    create_batch(office.engine, batch, by=BY)
    rows = [f"R{number},+1512555{7100 + number}" for number in range(PEOPLE)]
    file = io.BytesIO("\n".join(["reference_id,target", *rows, ""]).encode())
    upload_requests(office.engine, "cut-short", file=file, filename="requests.csv", by=BY)


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_begun(office: Office) -> None:
    upload(office, "sms")
    with office.working("sms") as worker:
        # Nobody else is there to record an answer: no scheduler, and no door for callbacks.
        assert run_python(*PUBLISH_ONCE, env=office.environment).returncode == 0
        office.wait_until_all_are_on_the_wire()
        worker.send_signal(signal.SIGTERM)

        assert worker.wait(DEADLINE) == 0

    assert office.counts() == {"INITIATED": PEOPLE}
    assert set(attempt_tokens(office.engine).values()) == {AttemptState.ACCEPTED}
    assert office.contacts_by_address() == [1] * PEOPLE


@pytest.mark.sampled
@pytest.mark.parametrize("channel", CONTENT)
def test_a_worker_that_is_killed_leaves_nobody_contacted_twice_or_forgotten(
    office: Office, channel: str
) -> None:
    fast = Office(
        {**office.environment, "PROFILE": "fast"}, office.engine, office.sandbox, office.log
    )
    upload(fast, channel)
    with fast.running(*SCHEDULER) as scheduler, fast.running(*WEB):
        with fast.working(channel) as worker:
            fast.wait_until_all_are_on_the_wire()
            worker.kill()
            assert worker.wait(5) == -signal.SIGKILL
        assert set(attempt_tokens(fast.engine).values()) == {AttemptState.SENDING}
        with fast.working(channel):
            wait_until(lambda: fast.counts() == {"COMPLETED": PEOPLE})

    assert fast.contacts_by_address() == [1] * PEOPLE
    assert scheduler.returncode == 0


WAYS: dict[str, Callable[[Ground], AbstractContextManager[None]]] = {
    "read-only": Ground.read_only,
    # Not "out of connections": taking them all lasts longer than an answer; messages stand for it.
    "shut down": Ground.shut_down,
    "disk full": Ground.full_disk,
}


@pytest.mark.sampled
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_answer_waits_for_the_ground_to_come_back(
    ground: Ground, office: Office, way: Callable[[Ground], AbstractContextManager[None]]
) -> None:
    fast = replace(office, environment={**office.environment, "PROFILE": "fast"})
    upload(fast, "sms")
    with (
        fast.running(*SCHEDULER) as scheduler,
        fast.running(*WEB) as web,
        fast.working("sms") as worker,
    ):
        fast.wait_until_all_are_on_the_wire()
        with way(ground):
            wait_until(lambda: bool(fast.sandbox.summary()["contacts"] == PEOPLE))
            # Where there is room in a page, a full disk still takes an answer.
            wait_until(
                lambda: (
                    way is Ground.full_disk
                    or "store_waited_for" in fast.log.read_text(encoding="utf-8")
                )
            )
        wait_until(lambda: fast.counts() == {"COMPLETED": PEOPLE})
        assert [process.poll() for process in (scheduler, web, worker)] == [None] * 3

    assert fast.contacts_by_address() == [1] * PEOPLE


SMS_WORKER = (
    *("-m", "celery", "-A", "tasks.app", "worker", "-Q", "sms", "-n", "sms@here"),
    *("-P", "threads", "-c", "2", "--without-mingle"),
)
HELD_UP = ("waiting_for_database", "duty_waits", "duty_failed", "chunk_handed_back")


@pytest.mark.sampled
@pytest.mark.parametrize(
    "way", [*WAYS.values(), Ground.no_connections], ids=[*WAYS, "out of connections"]
)
def test_a_house_that_starts_without_ground_waits_and_then_works(
    ground: Ground, office: Office, way: Callable[[Ground], AbstractContextManager[None]]
) -> None:
    fast = replace(office, environment={**office.environment, "PROFILE": "fast"})
    upload(fast, "sms")
    office.engine.dispose()

    def is_held_up() -> bool:
        said = fast.log.read_text(encoding="utf-8")
        return any(word in said for word in HELD_UP)

    with ExitStack() as house:
        with way(ground):
            started = [
                house.enter_context(fast.running(*one)) for one in (SCHEDULER, WEB, SMS_WORKER)
            ]
            wait_until(is_held_up)
        wait_until(lambda: fast.counts() == {"COMPLETED": PEOPLE})
        assert [process.poll() for process in started] == [None] * 3

    assert fast.contacts_by_address() == [1] * PEOPLE
    assert "Traceback" not in fast.log.read_text(encoding="utf-8")


def test_a_worker_says_how_many_answers_the_store_did_not_take_in_time(
    ground: Ground, office: Office
) -> None:
    fast = replace(office, environment={**office.environment, "PROFILE": "fast"})
    upload(fast, "sms")
    with fast.working("sms") as worker:
        assert run_python(*PUBLISH_ONCE, env=fast.environment).returncode == 0
        fast.wait_until_all_are_on_the_wire()
        with ground.read_only():
            worker.send_signal(signal.SIGTERM)

            assert worker.wait(DEADLINE) == LOST_ANSWERS

    said = fast.log.read_text(encoding="utf-8")
    assert "answers_go_into_doubt" in said
    assert f"count={PEOPLE}" in said or f'"count": {PEOPLE}' in said
    with fast.running(*SCHEDULER), fast.running(*WEB), fast.working("sms"):
        wait_until(lambda: fast.counts() == {"COMPLETED": PEOPLE})
    assert fast.contacts_by_address() == [1] * PEOPLE


def test_a_broker_without_memory_is_waited_for(office: Office) -> None:
    """It answers, and takes neither a message nor a permission (OOM command not allowed)."""
    rate = {"PROFILE": "fast", "SMS_PER_SECOND": "100"}
    fast = replace(office, environment={**office.environment, **rate})
    with (
        Redis.from_url(office.environment["BROKER_URL"]) as broker,
        fast.running(*SCHEDULER) as scheduler,
        fast.running(*WEB) as web,
        fast.working("sms") as worker,
    ):
        try:
            broker.config_set("maxmemory", 1)
            upload(fast, "sms")
            wait_until(lambda: "OutOfMemoryError" in fast.log.read_text(encoding="utf-8"))
            assert fast.counts() == {"PENDING": PEOPLE}
        finally:
            broker.config_set("maxmemory", 0)
        wait_until(lambda: fast.counts() == {"COMPLETED": PEOPLE})
        assert [process.poll() for process in (scheduler, web, worker)] == [None] * 3

    assert fast.contacts_by_address() == [1] * PEOPLE
