"""`python -m worker.api`: serve the API, the console, readiness and metrics until SIGTERM."""

import sys
from threading import Event

from config import logs
from config.start import load_or_exit
from worker.api.app import create
from worker.desk.waiting_uploads import LARGEST_FILE
from worker.dispatch.database_identity import REFUSED, is_refused
from worker.dispatch.presence import Presence
from worker.heartbeat import HEART
from worker.listener import Bounds, serve
from worker.runtime import AuditDoor, Runtime, build

# A file of a million rows comes over a slow line, and is on the disk as it comes.
FILES = Bounds(patience=60.0, largest=LARGEST_FILE + 1_048_576, most_bytes=4 * LARGEST_FILE)


def main() -> int:
    """Serve, or say why not."""
    settings = load_or_exit()
    logs.set_up(settings.log_level, "api")
    HEART.start("api")
    runtime = build(settings, AuditDoor.API)
    if is_refused(runtime.engine, runtime.memories):
        return REFUSED
    presence = Presence(runtime.engine, measures=settings.process_metrics)
    presence.begin()
    keep_open(runtime)
    presence.end()
    return 0


def keep_open(runtime: Runtime, stop: Event | None = None) -> None:
    """Serve until a signal, or until `stop`."""
    settings = runtime.settings
    serve(create(runtime), settings.api_host, settings.api_port, bounds=FILES, stop=stop)


if __name__ == "__main__":
    sys.exit(main())
