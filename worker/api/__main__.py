"""`python -m worker.api`: serve readiness and metrics on the private address until SIGTERM."""

import sys

from config import logs
from config.settings import SettingsError, load
from worker.api.app import create
from worker.listener import serve
from worker.runtime import build


def main() -> int:
    """Serve, or say which settings are wrong."""
    try:
        settings = load()
    except SettingsError as error:
        print("outreach can't start:", *error.faults, sep="\n  ", file=sys.stderr)  # noqa: T201  before logging
        return 2
    logs.set_up(settings.log_level)
    serve(create(build(settings)), settings.api_host, settings.api_port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
