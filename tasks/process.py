"""A process of the Procfile that is Celery's: `python -m tasks.process voice`, any number of each.

Celery and Flower take their settings from a command line; it is made here, out of ours.
"""

import os
import sys
from collections.abc import Mapping

from config.queues import Queue
from config.settings import Settings
from config.start import load_or_exit

QUEUES = {"voice": Queue.VOICE, "sms": Queue.SMS, "email": Queue.EMAIL, "triggers": Queue.TRIGGERS}
"""By a process's name: what it consumes."""
ALONE = ("--without-mingle", "--without-gossip")


def main() -> None:
    """Become the process that is named."""
    name = sys.argv[-1]
    if name not in {*QUEUES, "flower"}:
        sys.exit(f"name one of {', '.join(QUEUES)}, flower")
    settings = load_or_exit(name)
    words = flower(settings) if name == "flower" else worker(name, settings)
    command = [sys.executable, "-m", "celery", "-A", "tasks.app", *words]
    os.execve(sys.executable, command, {**os.environ, **secrets(settings)})  # noqa: S606  our own


def worker(name: str, settings: Settings) -> list[str]:
    """The words that make a worker of a queue."""
    # Messages of one kind are taken one after the other: what they change belongs together.
    threads = 1 if name == "triggers" else settings.worker_threads
    names = settings.names
    queue = ("-Q", names.queue(QUEUES[name].value), "-n", f"{names.worker(name)}@%h")
    return ["worker", *queue, "-P", "threads", "-c", str(threads), *ALONE]


def flower(settings: Settings) -> list[str]:
    """The words that make Flower."""
    address = ("--address=127.0.0.1", f"--port={settings.flower_port}")
    return ["flower", *address, "--read_only", "--max-tasks=10000", "--purge-offline-workers=60"]


def secrets(settings: Settings) -> Mapping[str, str]:
    """What no command line shows."""
    return {"FLOWER_BASIC_AUTH": settings.flower_basic_auth.get_secret_value()}


if __name__ == "__main__":
    main()
