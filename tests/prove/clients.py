"""`python -m tests.prove.clients`: every generation of the public SDK drives the API, with real dispatch."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.acceptance.sdk.environments import versions
from tests.programs import run_alone

ROOT = Path(__file__).parents[2]
TEST = "tests/acceptance/test_public_clients.py"


def main() -> int:
    """All of them in one house; fail if one does."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.clients", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the order")
    parser.add_argument("--n", type=int, default=0, help="not used: there are six")
    chosen = parser.parse_args()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", TEST, f"--randomly-seed={chosen.seed}"],
        cwd=ROOT,
        env=os.environ | {"SDK_VERSIONS": " ".join(versions())},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    verdict = "each drove all of it" if not done.returncode else done.stdout[-3_000:]
    print(f"## Clients: the public SDK in {', '.join(versions())}\n\n{verdict}\n")  # noqa: T201  its task
    return done.returncode


if __name__ == "__main__":
    run_alone(main)
