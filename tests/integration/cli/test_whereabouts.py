"""Where a command works: on what is set, else on a demo that runs here; and what it leaves on the screen."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.fixtures.house import run_python
from worker.cli.main import app
from worker.local.terminal import command_line, demo_line

pytestmark = pytest.mark.usefixtures("durable")
Bare = Callable[..., Result]


@pytest.fixture
def demo(environment: dict[str, str], database_url: str, tmp_path: Path) -> Iterator[Path]:
    """What `make demo` leaves for others while it runs. Returns its STATE_DIR."""
    folder = tmp_path / "state" / "demo"
    folder.mkdir(parents=True)
    settings = environment | {"DATABASE_URL": database_url}
    del settings["STATE_DIR"]
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (folder / "run.env").write_text("".join(lines), encoding="utf-8")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder.parent


@pytest.fixture
def bare(demo: Path, tmp_path: Path) -> Bare:
    """Runs the command in a terminal where next to nothing is set."""
    own = tmp_path / "own.env"
    own.touch()

    def run(*arguments: str, **settings: str) -> Result:
        environment = {"STATE_DIR": str(demo), "OUTREACH_ENV_FILE": str(own)}
        return CliRunner().invoke(app, list(arguments), env=environment | settings)

    return run


def test_a_demo_that_runs_here_is_found_and_named(bare: Bare, demo: Path) -> None:
    told = bare("batch", "list", "--json")

    assert (told.exit_code, json.loads(told.stdout)) == (0, [])
    assert told.stderr == f"outreach: no DATABASE_URL is set: this is the demo in {demo / 'demo'}\n"


def test_what_is_set_wins_over_a_demo(bare: Bare, tmp_path: Path) -> None:
    (tmp_path / "own.env").write_text("DATABASE_URL=postgresql://127.0.0.1:1/x\n", encoding="utf-8")

    by_file = bare("batch", "list")
    by_mistake = bare("batch", "list", DATABASE_URL="mysql://x")

    assert "BROKER_URL is not set" in by_file.stderr
    assert "DATABASE_URL: must be a postgresql:// address" in by_mistake.stderr
    assert "demo" not in by_file.stderr + by_mistake.stderr


def test_without_a_demo_every_missing_setting_is_named(bare: Bare, demo: Path) -> None:
    (demo / "demo" / "run.env").unlink()

    told = bare("batch", "list")

    assert told.exit_code == 1
    assert {"DATABASE_URL", "BROKER_URL"} <= {
        line.split()[1] for line in told.stderr.splitlines() if line
    }


def test_a_demo_that_was_killed_is_none(bare: Bare, demo: Path) -> None:
    (demo / "demo" / "lock").unlink()

    assert "DATABASE_URL is not set" in bare("batch", "list").stderr


def test_beside_a_file_of_settings_the_line_to_copy_names_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo_line(Path(".outreach/demo")) == command_line(Path(".outreach"))
    (tmp_path / ".env").touch()
    assert demo_line(Path(".outreach/demo")) == command_line(Path(".outreach/demo"))


def test_the_line_to_copy_names_the_state_dir_only_where_it_is_another(tmp_path: Path) -> None:
    assert "STATE_DIR" not in command_line(Path(".outreach"))
    assert command_line(tmp_path / "a b").startswith(f"STATE_DIR='{tmp_path}/a b' ")


def test_a_halt_leaves_no_log_line_on_the_screen(
    environment: dict[str, str], database_url: str
) -> None:
    settings = {**os.environ, **environment, "DATABASE_URL": database_url}

    done = run_python("-m", "worker.cli.main", "halt", "--all", env=settings)

    assert (done.stdout, done.stderr) == ("halted: all\n", "")


def test_a_wait_for_a_pause_leaves_no_connection_open(
    environment: dict[str, str], database_url: str, broker_url: str, tmp_path: Path
) -> None:
    places = {"DATABASE_URL": database_url, "BROKER_URL": broker_url}
    settings = {**os.environ, **environment, **places}
    fields = tmp_path / "campaign.json"
    fields.write_text(
        json.dumps({"campaign_name": "c", "mode": "sms", "source": "+15125550100", "body": "hi"}),
        encoding="utf-8",
    )

    def outreach(*arguments: str) -> tuple[int, str]:
        done = run_python("-m", "worker.cli.main", *arguments, env=settings)
        return done.returncode, done.stderr

    assert outreach("campaign", "create", str(fields)) == (0, "")
    assert outreach("batch", "create", "B", "--campaign", "c") == (0, "")
    assert outreach("batch", "pause", "B", "--wait") == (0, "")


def test_a_demo_that_was_killed_is_none_with_its_lock_left_behind(bare: Bare, demo: Path) -> None:
    (demo / "demo" / "lock").unlink()
    (demo / "demo" / "lock").touch()

    assert "DATABASE_URL is not set" in bare("batch", "list").stderr
