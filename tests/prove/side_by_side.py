"""The release before and this one on one database, for five minutes under load and kills.

`python -m tests.prove.side_by_side --n 3000 --seed 7`. Half of the workers, one of the schedulers and one
of the HTTP processes are of the older release, which has made the database. It is judged as chaos is.
"""

import argparse
import json
import secrets
import subprocess
import sys
from pathlib import Path

from tests.older import older_commit
from tests.programs import run_alone

ROOT = Path(__file__).parents[2]
SECONDS = 300
MOST = 3_000
SHOWN = (
    "attempts",
    "contacts",
    "contacts_per_attempt_max",
    "kills",
    "service_restarts",
    "lost_or_stuck",
    "still_open",
    "unresolved",
    "begun_by_the_older",
)


def main() -> int:
    """Run it, print a table; 1 where a promise is broken, 2 where the older release can't be built."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.side_by_side", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=MOST, help="requests at most")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    chosen = parser.parse_args()
    size = ("--n", str(min(chosen.n, MOST)), "--seconds", str(chosen.seconds))
    chaos = (sys.executable, "-m", "tests.acceptance.chaos", "--older", "--seed", str(chosen.seed))
    done = subprocess.run([*chaos, *size], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in {0, 1}:
        sys.stdout.write(f"## Old and new side by side: not run ({older_commit()[:8]})\n")
        return done.returncode
    figures = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(table(figures, chosen.seconds))
    return done.returncode


def table(figures: dict[str, object], seconds: int) -> str:
    """The lines that are shown of a run."""
    head = f"## Old ({older_commit()[:8]}) and new side by side for {seconds} s, seed {figures['seed']}"
    rows = [f"| {name.replace('_', ' ')} | {figures[name]} |" for name in SHOWN]
    broken = figures["broken"] or "none"
    return "\n".join([head, "", "| | |", "|---|---|", *rows, f"| broken promises | {broken} |", ""])


if __name__ == "__main__":
    run_alone(main)
