"""`python -m worker.sandbox`: serve on loopback until SIGTERM."""

import sys

from aiohttp import web

from worker.sandbox.app import create
from worker.sandbox.options import read


def main() -> None:
    """Serve."""
    options = read()
    web.run_app(
        create(options),
        host="127.0.0.1",
        port=options.port,
        print=lambda *_: _ready(options.port),
        access_log=None,
        shutdown_timeout=1,
    )


def _ready(port: int) -> None:
    sys.stdout.write(f"sandbox ready on http://127.0.0.1:{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
