"""What the processes of an idle house hold in memory: `make bench-memory`.

PSS, so that what several of them share is counted once, in parts; `honcho` is what runs them, which they
are forks of, and its readers of their output. Flower stands for itself: it is the largest by far, shares
nothing, and a house runs without it.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil

from tests.fixtures.house import inhabit
from tests.procfile import LINES
from tests.programs import run_alone
from worker.local import stack

STILL = 0.01
"""The share by which the sum may change from one look to the next, once the house is idle."""
BETWEEN = 5.0
"""Seconds between two looks."""
LONGEST = 90.0
"""Seconds until the house has to be idle."""
MEGABYTE = 2**20


def measure(mark: str) -> dict[str, float]:
    """Megabytes of each process of the Procfile and of what runs them, once they change no more."""
    deadline = time.monotonic() + LONGEST
    found: dict[str, float] = {}
    before = 0.0
    while time.monotonic() < deadline:
        found = held_by(mark)
        total = sum(found.values())
        if len(found) == len(LINES) + 1 and abs(total - before) < STILL * total:
            break
        before = total
        time.sleep(BETWEEN)
    return found


def held_by(mark: str) -> dict[str, float]:
    """Megabytes of each process of the house with this mark."""
    found: dict[str, float] = defaultdict(float)
    for process in psutil.process_iter(["environ", "cmdline"]):
        if (process.info["environ"] or {}).get("OUTREACH_HOUSE") != mark:
            continue
        if name := name_of(process.info["cmdline"] or []):
            found[name] += process.memory_full_info().pss / MEGABYTE
    return found


def name_of(command: Sequence[str]) -> str | None:
    """The line of the Procfile that a process is, `honcho` for what runs them, or None."""
    words = [word for word in command if word]
    if "worker.local.procfile" in words:
        return "honcho"
    if "flower" in words:
        return "flower"
    return next((name for name, line in LINES.items() if words[1:] == line), None)


def start_alone(folder: Path) -> None:
    """Let each process be started by itself, as units and containers do."""
    stack.PROCFILE = folder / "Procfile"
    lines = (f"{name}: exec env python {' '.join(words)}\n" for name, words in LINES.items())
    stack.PROCFILE.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Print them, largest first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alone", action="store_true", help="start each by itself: no forks")
    chosen = parser.parse_args()
    with ExitStack() as measured:
        folder = Path(
            measured.enter_context(tempfile.TemporaryDirectory(prefix="outreach-memory-"))
        )
        if chosen.alone:
            start_alone(folder)
        house = measured.enter_context(inhabit(folder / "state", {}))
        found = measure(house.environment["OUTREACH_HOUSE"])
    for name, held in sorted(found.items(), key=lambda one: -one[1]):
        print(f"{name:<12}{held:8.1f} MB")
    total = sum(found.values())
    nine = total - found["flower"] - found["honcho"]
    print(json.dumps({"idle_mb": round(nine), "with_honcho_and_flower_mb": round(total)}))


if __name__ == "__main__":
    run_alone(main)
