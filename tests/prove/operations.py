"""Every operation of the API tried by its own document, many times: `make test` tries each a few times.

No fault of ours, no status and no field of an answer that the document does not tell of, and no target in
an error; half of what is tried names what there is. Bodies, queries and paths are drawn by Hypothesis.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.contract import document, reduce
from tests.programs import run_alone

ROOT = Path(__file__).parents[2]
TEST = "tests/integration/api/test_schemathesis.py"
EXAMPLES = 100


def main() -> int:
    """Try them; fail if one does."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.operations", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int, default=EXAMPLES, help=f"of each, {EXAMPLES} at most")
    chosen = parser.parse_args()
    n = min(chosen.n, EXAMPLES)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", TEST),
            f"--hypothesis-seed={chosen.seed}",
        ],
        cwd=ROOT,
        env=os.environ | {"API_EXAMPLES": str(n)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    operations = len(reduce(document()))
    verdict = "each answered as it says" if not done.returncode else done.stdout[-3_000:]
    title = f"## Operations: {operations} of the API, {n} times each, seed {chosen.seed}"
    sys.stdout.write(f"{title}\n\n{verdict}\n\n")
    return done.returncode


if __name__ == "__main__":
    run_alone(main)
