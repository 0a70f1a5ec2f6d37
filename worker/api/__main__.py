"""`python -m worker.api`: serve readiness and metrics on the private address until SIGTERM."""

import sys

from config import logs
from config.start import load_or_exit
from worker.api.app import create
from worker.dispatch.database_identity import REFUSED, is_refused
from worker.listener import serve
from worker.runtime import AuditDoor, build


def main() -> int:
    """Serve, or say why not."""
    settings = load_or_exit()
    logs.set_up(settings.log_level)
    runtime = build(settings, AuditDoor.API)
    if is_refused(runtime.engine, runtime.memories):
        return REFUSED
    serve(create(runtime), settings.api_host, settings.api_port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
