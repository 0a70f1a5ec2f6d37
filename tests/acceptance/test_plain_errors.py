"""What goes wrong is said in a sentence, and the exit code says so too."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.fixtures.house import Inhabited, run_python
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign

pytestmark = pytest.mark.turn(2)

CLI = ("-m", "worker.cli.main")
WORKER = ("-m", "celery", "-A", "tasks.app", "worker", "-Q", "voice", "-P", "threads")
NOWHERE = "127.0.0.1:1"
BY = "ana@example.com"
REFUSED = {"campaign_name": "refused", "mode": "sms", "source": "+15125550100", "body": "hi"}


@pytest.fixture
def environment(inhabited: Inhabited, tmp_path: Path) -> Mapping[str, str]:
    """The house's, but with a STATE_DIR of its own: nothing is filled in from its run.env."""
    return {**inhabited.environment, "STATE_DIR": str(tmp_path)}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "program",
    [
        (*CLI, "batch", "list"),
        ("-m", "tasks.scheduler"),
        WORKER,
        ("-m", "worker.web"),
        ("-m", "worker.api"),
    ],
    ids=["command", "scheduler", "worker", "web", "api"],
)
def test_wrong_settings_are_reported_together(
    environment: Mapping[str, str], program: tuple[str, ...]
) -> None:
    missing = {"SENDGRID_API_KEY", "PUBLIC_URL"}
    broken = {name: value for name, value in environment.items() if name not in missing}

    done = run_python(*program, env=broken | {"WEB_PORT": "many", "DATABASE_URL": "mysql://x"})

    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    for name in ("SENDGRID_API_KEY", "PUBLIC_URL", "WEB_PORT", "DATABASE_URL"):
        assert name in done.stderr


def test_a_database_that_is_down_is_said_to_be(environment: Mapping[str, str]) -> None:
    url = f"postgresql://postgres@{NOWHERE}/postgres"

    done = run_python(*CLI, "batch", "list", env={**environment, "DATABASE_URL": url})

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("outreach: the database is unavailable")
    assert done.stderr.count("\n") == 1


def test_a_broker_that_is_down_is_said_to_be(environment: Mapping[str, str]) -> None:
    done = run_python(*CLI, "doctor", env={**environment, "BROKER_URL": f"redis://{NOWHERE}/0"})

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    line = next(line for line in done.stdout.splitlines() if "broker " in line)
    assert "FAIL" in line


def test_a_house_in_order_is_said_to_be(inhabited: Inhabited) -> None:
    with (
        inhabited.engine.begin() as connection
    ):  # another test may have killed a process of its own
        connection.execute(
            text("DELETE FROM process WHERE seen_at < now() - interval '15 seconds'")
        )
    done = inhabited.run("doctor")

    assert done.returncode == 0, done.stdout
    assert inhabited.environment["TWILIO_AUTH_TOKEN"] not in done.stdout


MISTAKES = {
    "unknown batch": (("batch", "show", "nope"), "there is no batch 'nope'"),
    "unknown campaign": (("campaign", "show", "nope"), "there is no campaign 'nope'"),
    "unreadable file": (("batch", "upload", "nope", "/nowhere.csv"), "/nowhere.csv"),
}


@pytest.mark.sampled
@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence(
    inhabited: Inhabited, arguments: tuple[str, ...], said: str
) -> None:
    done = inhabited.run(*arguments)

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_batch_is_refused_with_its_line(
    inhabited: Inhabited, tmp_path: Path
) -> None:
    made = create_campaign(inhabited.engine, REFUSED, by=BY)
    create_batch(inhabited.engine, {"batch_id": "refused", "campaign_id": made.id}, by=BY)
    file = tmp_path / "broken.csv"
    file.write_bytes(b"reference_id,target\nR1,+15125550100\nR2,\xff\xfe\n")

    done = inhabited.run("batch", "upload", "refused", str(file))

    assert done.returncode == 1
    assert done.stderr.startswith("outreach: ")
    assert "Traceback" not in done.stderr
    assert inhabited.show("refused")["status"] == "FAILED"
