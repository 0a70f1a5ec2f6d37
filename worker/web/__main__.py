"""`python -m worker.web`: serve the callbacks until SIGTERM."""

import sys

import structlog

from config import logs
from config.settings import SettingsError, load
from worker.dispatch.recognize import REFUSED, know_it_if_there
from worker.domain.memory import RefusedToStart
from worker.listener import serve
from worker.runtime import build
from worker.web.app import create

log = structlog.get_logger()


def main() -> int:
    """Serve, or say why not."""
    try:
        settings = load()
    except SettingsError as error:
        print("outreach can't start:", *error.faults, sep="\n  ", file=sys.stderr)  # noqa: T201  before logging
        return 2
    logs.set_up(settings.log_level)
    runtime = build(settings)
    try:
        know_it_if_there(runtime.engine, runtime.memories)
    except RefusedToStart as error:
        log.critical("refused_to_start", why=str(error))
        return REFUSED
    door = create(runtime)
    serve(door.app, settings.web_host, settings.web_port, tell=door.tallies.refuse)
    runtime.close_line()
    return 0


if __name__ == "__main__":
    sys.exit(main())
