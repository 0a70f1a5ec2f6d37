"""Queues, tasks and processes agree with each other: what is published is consumed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.queues import ROUTES, Queue, TaskName
from config.settings import SANDBOX_ACCOUNT_SID, SANDBOX_SECRET, judge
from tasks.process import MODULES, NAMES, QUEUES, flower, secrets, worker
from tests.keys import PUBLIC_KEY

ROOT = Path(__file__).parents[2]
PROCFILE = (ROOT / "Procfile").read_text(encoding="utf-8")

# The application reads its settings on import: it is asked in a process of its own.
ASK = """
import json
from tasks.app import app
from tasks.redaction import RedactingTask
app.loader.import_default_modules()
ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
route = lambda name: app.amqp.router.route({}, name)["queue"].name
print(json.dumps({
    "tasks": sorted(ours),
    "routes": {name: route(name) for name in ours},
    "queues": sorted(queue.name for queue in app.conf.task_queues),
    "quiet": all(isinstance(task, RedactingTask) for task in ours.values()),
    "late": [name for name, task in ours.items() if task.acks_late or task.reject_on_worker_lost],
    "retrying": [name for name, task in ours.items() if getattr(task, "autoretry_for", ())],
    "keeping": [name for name, task in ours.items() if not task.ignore_result],
    "accepts": app.conf.accept_content,
    "result_backend": app.conf.result_backend,
    "create_missing": app.conf.task_create_missing_queues,
}))
"""
SETTINGS = {
    "DATABASE_URL": "postgresql://127.0.0.1/outreach",
    "BROKER_URL": "redis://127.0.0.1:1/0",
    "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": SANDBOX_SECRET,
    "TWILIO_API_URL": "http://127.0.0.1:1",
    "SENDGRID_API_KEY": SANDBOX_SECRET,
    "SENDGRID_API_URL": "http://127.0.0.1:1",
    "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
    "PUBLIC_URL": "http://127.0.0.1:1",
    "FLOWER_BASIC_AUTH": "ana:password",
}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the Celery application says about itself."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=os.environ | SETTINGS | {"STATE_DIR": str(tmp_path_factory.mktemp("state"))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert asked.returncode == 0, asked.stderr
    said: dict[str, Any] = json.loads(asked.stdout.splitlines()[-1])
    return said


def test_every_task_has_the_name_it_is_published_under(application: dict[str, Any]) -> None:
    assert application["tasks"] == sorted(TaskName)


def test_every_task_travels_on_its_queue(application: dict[str, Any]) -> None:
    assert application["routes"] == {name.value: queue.value for name, queue in ROUTES.items()}


def test_the_application_knows_the_queues_and_no_other(application: dict[str, Any]) -> None:
    assert application["queues"] == sorted(Queue)
    assert application["create_missing"] is False


def test_no_task_shows_its_arguments(application: dict[str, Any]) -> None:
    assert application["quiet"]


def test_no_task_is_run_twice_by_celery(application: dict[str, Any]) -> None:
    assert application["late"] == []
    assert application["retrying"] == []


def test_nothing_is_kept_of_a_task(application: dict[str, Any]) -> None:
    assert application["keeping"] == []
    assert application["result_backend"] in {None, "disabled://"}


def test_only_json_is_understood(application: dict[str, Any]) -> None:
    assert application["accepts"] == ["json"]


def test_the_procfile_consumes_every_queue() -> None:
    named = re.findall(r"tasks\.process (\S+)", PROCFILE)

    assert sorted(named) == sorted([*QUEUES, "flower"])
    assert sorted(QUEUES.values()) == sorted(Queue)


def test_every_process_of_the_procfile_can_be_started_by_its_name() -> None:
    lines = dict(line.split(": exec python -m ") for line in PROCFILE.splitlines())

    assert sorted(lines) == sorted(NAMES)
    assert {name: words for name, words in lines.items() if name in MODULES} == MODULES


def test_workers_are_threads_with_a_name_of_their_own() -> None:
    settings = judge(SETTINGS | {"WORKER_THREADS": "7"})

    for name in QUEUES:
        options = worker(name, settings)
        assert options["queues"] == [QUEUES[name].value]
        assert options["hostname"].startswith(f"{name}@")
        assert options["pool_cls"] == "threads"
        assert options["concurrency"] == (1 if name == "triggers" else 7)


def test_a_second_worker_of_a_kind_on_one_host_goes_by_a_name_of_its_own() -> None:
    options = worker("voice-2", judge(SETTINGS))

    assert options["queues"] == ["voice"]
    assert options["hostname"].startswith("voice-2@")


def test_flower_listens_where_it_is_told_and_its_login_stands_on_no_command_line() -> None:
    settings = judge(SETTINGS | {"FLOWER_PORT": "5999"})

    assert "--port=5999" in flower(settings)
    assert "password" not in " ".join(flower(settings))
    assert secrets(settings) == {"FLOWER_BASIC_AUTH": "ana:password"}


def test_a_process_of_the_procfile_can_be_stopped_by_its_own_signal() -> None:
    for line in PROCFILE.splitlines():
        assert line.partition(": ")[2].startswith("exec ")
