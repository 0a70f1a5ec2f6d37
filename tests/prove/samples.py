"""At full size what every run of the tests holds a sample of."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.programs import run_alone

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run the files that take samples, all of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.samples", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--n", type=int, help="each test knows its own")
    files = sorted(str(file.relative_to(ROOT)) for file in takes_samples())
    seed = f"--randomly-seed={parser.parse_args().seed}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-summary", seed, *files],
        cwd=ROOT,
        env=os.environ | {"SAMPLES": "full"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    told = [f"## Samples in full size: {len(files)} files", *files, done.stdout.splitlines()[-1]]
    sys.stdout.write("\n".join(told) + "\n")
    return done.returncode


def takes_samples() -> list[Path]:
    """The tests that ask how much to try."""
    return [
        file
        for file in (ROOT / "tests").rglob("test_*.py")
        if "from tests.samples import" in file.read_text(encoding="utf-8")
    ]


if __name__ == "__main__":
    run_alone(main)
