"""`python -m worker.web`: serve the callbacks until SIGTERM."""

import sys
from threading import Event

from config import logs
from config.start import load_or_exit
from worker.dispatch.database_identity import REFUSED, is_refused
from worker.dispatch.presence import Presence
from worker.heartbeat import HEART
from worker.listener import serve
from worker.runtime import Runtime, build
from worker.web.app import create

# Seconds a thread may keep the interpreter to itself: callbacks wait for whoever reads a large delivery.
SWITCH = 0.001


def main() -> int:
    """Serve, or say why not."""
    settings = load_or_exit()
    logs.set_up(settings.log_level, "web")
    HEART.start("web")
    runtime = build(settings)
    if is_refused(runtime.engine, runtime.memories):
        return REFUSED
    presence = Presence(runtime.engine, measures=settings.process_metrics)
    presence.begin()
    keep_open(runtime)
    presence.end()
    return 0


def keep_open(runtime: Runtime, stop: Event | None = None) -> None:
    """Serve until a signal, or until `stop`."""
    sys.setswitchinterval(SWITCH)
    runtime.provider_loop  # noqa: B018  opened before it is needed: the first hang-up must not wait for an import
    door, settings = create(runtime), runtime.settings
    serve(door.app, settings.web_host, settings.web_port, tell=door.tallies.refuse, stop=stop)
    runtime.close_provider_loop()


if __name__ == "__main__":
    sys.exit(main())
