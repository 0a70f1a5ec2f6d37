"""Opt-outs by every way, raced against begin, archive, retry, lift and import: who is contacted afterwards.

`python -m tests.prove.opt_outs --n 2000 --seed 7` prints a table and exits with 1 where anybody is.
"""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.programs import run_alone
from tests.prove.races import Tally, run
from worker.local.postgres import running_postgres
from worker.store.connect import connect
from worker.store.migrate import upgrade

MOST = 2_000


def main() -> int:
    """Race; fail if a contact began that should not have."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.opt_outs", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=MOST)
    chosen = parser.parse_args()
    n = min(chosen.n, MOST)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres(Path(folder), fresh=True) as server,
    ):
        url = server.url.replace("postgresql://", "postgresql+psycopg://")
        upgrade(url)
        engine = connect(url)
        tally = run(engine, n, Random(chosen.seed))  # noqa: S311  a seed, not a secret
        engine.dispose()
    sys.stdout.write(table(tally, n, chosen.seed))
    return int(tally.after.total() > 0)


def table(tally: Tally, n: int, seed: int) -> str:
    """What became of the races, as the paper shows it."""
    lines = [
        f"## Opt-outs: {n:,} races, seed {seed}",
        "",
        "| opt-out, and what runs beside it and begin | races | contacts before | after |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {key} | {tally.races[key]} | {tally.before[key]} | {tally.after[key]} |"
        for key in sorted(tally.races)
    ]
    lines.append(f"| **all** | {n:,} | {tally.before.total():,} | **{tally.after.total():,}** |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run_alone(main)
