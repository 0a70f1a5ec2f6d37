"""The doorbell rings only for what the database has promised to keep."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from config.settings import ENV_FILE, SANDBOX_ACCOUNT_SID, SANDBOX_SECRET
from tests.factories import make_request, queue_row
from tests.keys import PUBLIC_KEY

ROOT = Path(__file__).parents[3]
QUEUE = "outreach:voice"
GATE = 4711
DEADLINE = 90.0

# A commit that touches the queue stands still while somebody else holds the gate.
_SLOW_COMMIT = f"""
    CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON queue DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait_at_the_gate()
"""
_WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@pytest.fixture
def environment(database_url: str, broker_url: str, tmp_path: Path) -> Mapping[str, str]:
    return {
        ENV_FILE: os.devnull,
        "DATABASE_URL": database_url.replace("+psycopg", ""),
        "BROKER_URL": broker_url,
        "STATE_DIR": str(tmp_path),
        "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": SANDBOX_SECRET,
        "TWILIO_API_URL": "http://127.0.0.1:9",
        "SENDGRID_API_KEY": SANDBOX_SECRET,
        "SENDGRID_API_URL": "http://127.0.0.1:9",
        "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
        "PUBLIC_URL": "http://127.0.0.1:9",
        "FLOWER_BASIC_AUTH": "a:b",
    }


def scanning(environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """One scan, in a process of its own as the scheduler's is."""
    program = "from tasks.publish import scan_and_publish; print(scan_and_publish())"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_nothing_is_published_before_its_claim_has_committed(
    engine: Engine, environment: Mapping[str, str]
) -> None:
    request = make_request(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(_SLOW_COMMIT)

    with Redis.from_url(environment["BROKER_URL"]) as broker, engine.connect() as gatekeeper:
        gatekeeper.execute(text(f"SELECT pg_advisory_lock({GATE})"))
        gatekeeper.commit()
        with scanning(environment) as scan:
            eventually(lambda: _waiting(engine) == 1 or scan.poll() is not None)
            assert broker.llen(QUEUE) == 0
            gatekeeper.execute(text(f"SELECT pg_advisory_unlock({GATE})"))
            gatekeeper.commit()
            said, _ = scan.communicate(timeout=DEADLINE)

        assert said.strip() == "1"
        assert broker.llen(QUEUE) == 1
    leased = queue_row(engine, request)
    assert leased is not None
    assert leased["lease_token"] is not None


def test_a_broker_that_takes_nothing_costs_no_claim(
    engine: Engine, environment: Mapping[str, str]
) -> None:
    request = make_request(engine)

    with Redis.from_url(environment["BROKER_URL"]) as broker:
        broker.config_set("maxmemory", "1mb")
        try:
            with scanning(environment) as scan:
                scan.communicate(timeout=DEADLINE)
        finally:
            broker.config_set("maxmemory", "0")

    assert scan.returncode != 0
    row = queue_row(engine, request)
    assert row is not None
    assert (row["lease_token"], row["claims"]) == (None, 0)

    with scanning(environment) as scan:  # the broker has room again
        said, _ = scan.communicate(timeout=DEADLINE)
    assert said.strip() == "1"


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(_WAITING) or 0


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.02)


NEWER = """
from tasks.app import runtime
from tasks.deliver import deliver_voice
from worker.dispatch.scan import awake, scan
here = runtime()
[chunk] = scan(here.engine, here.scan_limits, dict.fromkeys(awake(here.engine), 0))
told = {"batch": chunk.batch, "lease": str(chunk.lease), "requests": list(chunk.requests)}
try:
    deliver_voice(**told, accent="of a later release")
except Exception as error:
    print(type(error).__name__)
"""


def test_a_message_of_a_newer_release_is_handed_back_unharmed(
    engine: Engine, environment: Mapping[str, str]
) -> None:
    request = make_request(engine)
    before = queue_row(engine, request)

    done = subprocess.run(
        [sys.executable, "-c", NEWER],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )

    after = queue_row(engine, request)
    assert before
    assert after
    assert done.stdout.strip().splitlines()[-1] == "Retry"
    assert (after["lease_token"], after["claims"]) == (None, before["claims"])
    assert after["due_at"] > before["due_at"]
    with engine.begin() as connection:
        begun = text("SELECT count(*) FROM attempt WHERE request = :request")
        assert connection.scalar(begun, {"request": request}) == 0
