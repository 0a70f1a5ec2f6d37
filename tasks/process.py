"""Any process of the Procfile by its name: `python -m tasks.process voice`, any number of each.

So a unit, an image and a chart need one command for all of them. A worker is started in this very
process: Celery's command line would bring its shells and prompts with it, 25 MB in each worker. Flower
takes its settings from a command line; it is made here, out of ours.
"""

import os
import runpy
import sys
from collections.abc import Mapping
from socket import gethostname
from typing import Any

from config.extras import need_extra
from config.queues import Queue
from config.settings import Settings
from config.start import PROCESS, load_or_exit
from worker.heartbeat import kind_of

QUEUES = {"voice": Queue.VOICE, "sms": Queue.SMS, "email": Queue.EMAIL, "triggers": Queue.TRIGGERS}
"""By a process's name: what it consumes."""
MODULES = {
    "scheduler": "tasks.scheduler",
    "stream": "tasks.stream",
    "webhooks": "tasks.webhooks",
    "web": "worker.web",
    "api": "worker.api",
}
"""By a process's name: the module that is one, without Celery."""
TOGETHER = {"dispatch": "tasks.together", "http": "worker.local.http"}
"""By the name of a process that is several: its module. See `outreach run --small`."""
NAMES = (*MODULES, *QUEUES, "flower")
OFFLINE_SHOWN = "--purge-offline-workers=86400"
"""For a day: whoever looks in the morning sees who went in the night, and an alert has time to fire."""
ALONE = {"without_mingle": True, "without_gossip": True}
FLOWER_HEARS = 6.0
"""Seconds between two heartbeats for Flower; Celery's own 2 are what an idle worker costs most for."""


def main() -> None:
    """Become the process that is named; `voice-2` is another one of its kind on the same host."""
    given = sys.argv[-1]
    name = kind_of(given)
    if name not in (*NAMES, *TOGETHER):
        sys.exit(f"name one of {', '.join(NAMES)}")
    os.environ[PROCESS] = given
    if module := (MODULES | TOGETHER).get(name):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    settings = load_or_exit(given)
    if name == "flower":
        need_extra("flower", given)
        command = [sys.executable, "-m", "celery", "-A", "tasks.flower", *flower(settings)]
        os.execve(sys.executable, command, {**os.environ, **secrets(settings)})  # noqa: S606  our own
    sys.exit(work(given, settings))


def work(given: str, settings: Settings) -> int:
    """Consume a queue until somebody asks the process to stop.

    Returns:
        the exit code.
    """
    # Here, because it reads the settings: they have just been judged, in this process's name.
    from tasks.app import app  # noqa: PLC0415

    sys.argv = ["-m", "tasks.process", given]  # what Celery starts again on SIGHUP
    made = app.Worker(**worker(given, settings))
    made.start()
    return int(made.exitcode or 0)


def worker(given: str, settings: Settings) -> dict[str, Any]:
    """The options that make a worker of a queue, under the name it was given."""
    name = kind_of(given)
    # Messages of one kind are taken one after the other: what they change belongs together.
    threads = 1 if name == "triggers" else settings.worker_threads
    names = settings.names
    return {
        "queues": [names.queue(QUEUES[name].value)],
        "hostname": f"{names.worker(given)}@{gethostname()}",
        "pool_cls": "threads",
        "concurrency": threads,
        **ALONE,
        "heartbeat_interval": FLOWER_HEARS,
    }


def flower(settings: Settings) -> list[str]:
    """The words that make Flower."""
    address = ("--address=127.0.0.1", f"--port={settings.flower_port}")
    return ["flower", *address, "--read_only", "--logging=none", "--max-tasks=10000", OFFLINE_SHOWN]


def secrets(settings: Settings) -> Mapping[str, str]:
    """Return what no command line shows."""
    return {"FLOWER_BASIC_AUTH": settings.flower_basic_auth.get_secret_value()}


if __name__ == "__main__":
    main()
