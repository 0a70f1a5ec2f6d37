"""What the house's processes run with is what was chosen, judged before anything is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import ENV_FILE, Settings, SettingsError, judge
from tests.keys import PUBLIC_KEY
from worker.domain.errors import Mistake
from worker.local.demo_batches import choose_batches
from worker.local.environment import plan_environment

ROOT = Path(__file__).parents[3]
WRONG = {
    "WEB_PORT": "abc",
    "FLOWER_PORT": "70000",
    "WORKER_THREADS": "0",
    "FLOWER_BASIC_AUTH": "hunter2",
    "DATABASE_URL": "postgresql://me:hunter2@h:abc/x",
    "BROKER_URL": "redis://:hunter2/x@h/0",
    "WEBHOOK_SECRET": "hunter2",
    "PUBLIC_URL": "hunter2",
}


@pytest.mark.parametrize(("name", "value"), WRONG.items(), ids=WRONG)
def test_a_wrong_setting_is_told_in_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        plan_environment(tmp_path, {name: value})

    [fault] = raised.value.faults
    assert fault.startswith(f"{name}: must be ")
    assert "hunter2" not in fault


def test_what_was_chosen_reaches_every_process(tmp_path: Path) -> None:
    chosen = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "SENDGRID_API_KEY": "key",
        "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
        "PUBLIC_URL": "https://outreach.example.com",
        "WORKER_THREADS": "9",
        "CHUNK_SIZE": "11",
        "FLOWER_BASIC_AUTH": "ana:x",
    }

    environment, sandbox = plan_environment(tmp_path, chosen)

    assert sandbox is None
    assert chosen.items() <= environment.items()


def test_without_credentials_everything_goes_to_the_sandbox(tmp_path: Path) -> None:
    chosen = {"TWILIO_API_URL": "https://api.twilio.com", "PROFILE": "production"}

    environment, sandbox = plan_environment(tmp_path, chosen)

    assert sandbox is not None
    urls = {environment["TWILIO_API_URL"], environment["SENDGRID_API_URL"]}
    assert (urls, environment["PROFILE"]) == ({sandbox.url}, "fast")
    services = {"DATABASE_URL": "postgresql://127.0.0.1/", "BROKER_URL": "redis://127.0.0.1"}
    known = {name.upper() for name in Settings.model_fields}
    judge({name: value for name, value in {**environment, **services}.items() if name in known})


@pytest.mark.parametrize("channel", [None, "", "fax", "VOICE"])
def test_a_file_without_its_channel_is_told(channel: str | None) -> None:
    with pytest.raises(Mistake, match="MODE=voice, MODE=sms or MODE=email"):
        choose_batches(Path(__file__), channel)


def test_a_channel_without_a_file_is_told() -> None:
    with pytest.raises(Mistake, match="CSV="):
        choose_batches(None, "sms")


@pytest.mark.parametrize("command", ["run", "demo"])
def test_nothing_is_started_on_a_wrong_setting(tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "worker.local", command],
        env={
            ENV_FILE: os.devnull,
            "PATH": os.defpath,
            "STATE_DIR": str(tmp_path / "state"),
            "WEB_PORT": "abc",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [done.stdout.strip()]
    assert "WEB_PORT: must be a whole number" in done.stdout
    assert not (tmp_path / "state").exists()
