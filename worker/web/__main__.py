"""`python -m worker.web`: serve the callbacks until SIGTERM."""

import sys

from config import logs
from config.settings import SettingsError, load
from worker.dispatch.recognize import REFUSED, is_refused
from worker.listener import serve
from worker.runtime import build
from worker.web.app import create

# Seconds a thread may keep the interpreter to itself: callbacks wait for whoever reads a large delivery.
SWITCH = 0.001


def main() -> int:
    """Serve, or say why not."""
    try:
        settings = load()
    except SettingsError as error:
        print("outreach can't start:", *error.faults, sep="\n  ", file=sys.stderr)  # noqa: T201  before logging
        return 2
    logs.set_up(settings.log_level)
    runtime = build(settings)
    if is_refused(runtime.engine, runtime.memories):
        return REFUSED
    sys.setswitchinterval(SWITCH)
    door = create(runtime)
    serve(door.app, settings.web_host, settings.web_port, tell=door.tallies.refuse)
    runtime.close_line()
    return 0


if __name__ == "__main__":
    sys.exit(main())
