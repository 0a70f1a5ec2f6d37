"""`python -m tests.beyond --seed 7 --n 3000`: three hosts behind PgBouncer and RabbitMQ, disturbed, judged.

Kills a host, the broker and PgBouncer while it dispatches. Prints a table, and as its last line one JSON
object with the figures. Exits with 1 when a promise is broken, with 2 when a program is missing.
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

from tests.acceptance.chaos.judge import Verdict
from tests.acceptance.chaos.show import show
from tests.beyond.programs import ProgramMissing, find
from tests.beyond.run import run
from tests.programs import run_alone

PACKAGES = {"pgbouncer": "pgbouncer", "rabbitmq-server": "rabbitmq-server"}


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(prog="python -m tests.beyond", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=3_000, help="requests, over all channels")
    chosen = parser.parse_args()
    try:
        for program, package in PACKAGES.items():
            find(program, package)
    except ProgramMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    verdict = _judged(chosen.seed, chosen.n)
    figures = {"seed": chosen.seed, **verdict.figures, "broken": verdict.broken}
    sys.stdout.write(json.dumps(figures) + "\n")
    return 1 if verdict.broken else 0


def _judged(seed: int, n: int) -> Verdict:
    out = Console(highlight=False)
    home = Path(tempfile.mkdtemp(prefix="outreach-beyond-"))
    home.chmod(0o755)  # PostgreSQL and PgBouncer run as nobody where we are root
    out.print(f"beyond: seed {seed}, {n} requests, logs in {home}")
    with ExitStack() as stack:
        verdict = run(stack, home, out, seed=seed, n=n)
    show(out, "Beyond one machine", verdict)
    if not verdict.broken:
        shutil.rmtree(home, ignore_errors=True)
    return verdict


if __name__ == "__main__":
    run_alone(main)
