"""`outreach demo`: everything on this machine, against the sandbox."""

import os
import sys


def demo() -> None:
    """Run real batches end to end on this machine, against a sandbox of the providers."""
    os.execv(sys.executable, [sys.executable, "-m", "worker.local", "demo"])  # noqa: S606  our own
