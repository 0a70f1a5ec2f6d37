"""What the processes of an idle house hold in memory: `make bench-memory`.

PSS, so that what several of them share is counted once, in parts. Flower stands for itself: it is the
largest by far, and a house runs without it.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import psutil

from tests.fixtures.house import inhabit
from tests.procfile import LINES
from tests.programs import run_alone

STILL = 0.01
"""The share by which the sum may change from one look to the next, once the house is idle."""
BETWEEN = 5.0
"""Seconds between two looks."""
LONGEST = 90.0
"""Seconds until the house has to be idle."""


def measure(mark: str) -> dict[str, float]:
    """Megabytes of each process of the Procfile, once they change no more."""
    deadline = time.monotonic() + LONGEST
    found, before = {}, 0.0
    while time.monotonic() < deadline:
        found = held_by(mark)
        total = sum(found.values())
        if len(found) == len(LINES) and abs(total - before) < STILL * total:
            break
        before = total
        time.sleep(BETWEEN)
    return found


def held_by(mark: str) -> dict[str, float]:
    """Megabytes of each process of the house with this mark."""
    found: dict[str, float] = {}
    for process in psutil.process_iter(["environ", "cmdline"]):
        words = process.info["cmdline"] or []
        if (process.info["environ"] or {}).get("OUTREACH_HOUSE") != mark:
            continue
        for name, line in LINES.items():
            if words[1:] == line or (name == "flower" and "flower" in words):
                found[name] = process.memory_full_info().pss / 2**20
    return found


def main() -> None:
    """Print them, largest first."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="outreach-memory-") as folder,
        inhabit(Path(folder), {}) as house,
    ):
        found = measure(house.environment["OUTREACH_HOUSE"])
    for name, held in sorted(found.items(), key=lambda one: -one[1]):
        print(f"{name:<12}{held:8.1f} MB")
    without = sum(found.values()) - found.get("flower", 0)
    print(json.dumps({"idle_mb": round(without), "with_flower_mb": round(sum(found.values()))}))


if __name__ == "__main__":
    run_alone(main)
