"""How much a test tries: a sample in every run, all of it in `make prove`."""

import os

FULL = os.environ.get("SAMPLES") == "full"


def sample(usual: int, full: int) -> int:
    """How many of something this run tries."""
    return full if FULL else usual
