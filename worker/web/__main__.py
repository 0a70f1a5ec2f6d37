"""`python -m worker.web`: serve the callbacks until SIGTERM."""

import sys

import uvicorn

from config import logs
from config.settings import SettingsError, load
from worker.runtime import build
from worker.web.app import create


def main() -> int:
    """Serve, or say which settings are wrong."""
    try:
        settings = load()
    except SettingsError as error:
        print("outreach can't start:", *error.faults, sep="\n  ", file=sys.stderr)  # noqa: T201  before logging
        return 2
    logs.set_up(settings.log_level)
    runtime = build(settings)
    uvicorn.run(
        create(runtime),
        host=settings.web_host,
        port=settings.web_port,
        log_config=None,
        access_log=False,  # a path carries a token
        server_header=False,
    )
    runtime.close_line()
    return 0


if __name__ == "__main__":
    sys.exit(main())
