"""`python -m tests.acceptance.chaos --seed 7 --n 2000`: disturb, wait until quiet, judge.

Prints a table, and as its last line one JSON object with the figures. Exits with 1 when a promise is
broken or a planned fault or act never fired; with 2 where an older release can't be built.
"""

import argparse
import json
import secrets
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from tests.acceptance.chaos.run import Size, run
from tests.acceptance.chaos.show import show
from tests.older import NoHistory, install_older
from tests.programs import run_alone


def main() -> int:
    """Run one plan."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=5_000, help="requests, over all channels")
    parser.add_argument("--seconds", type=float, help="of disturbance; else by the requests")
    parser.add_argument("--older", action="store_true", help="half of it is the release before")
    chosen = parser.parse_args()
    size = Size(chosen.n, chosen.seconds or 30 + chosen.n / 50)
    out = Console(highlight=False)
    home = Path(tempfile.mkdtemp(prefix="outreach-chaos-"))
    out.print(f"chaos: seed {chosen.seed}, {size.n} requests, logs in {home}")
    try:
        older = install_older(home / "older") if chosen.older else None
    except NoHistory as why:
        sys.stderr.write(f"{why}\n")
        return 2
    with ExitStack() as stack:
        verdict = run(stack, home, out, chosen.seed, size, older)
    show(out, "Chaos", verdict)
    if not verdict.broken:
        shutil.rmtree(home, ignore_errors=True)
    sys.stdout.write(
        json.dumps({"seed": chosen.seed, **verdict.figures, "broken": verdict.broken}) + "\n"
    )
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    run_alone(main)
