"""`make prove`: every program of this folder at full size, one table after the other."""

import argparse
import platform
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

PROGRAMS = ("numbers",)
ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run them all; fail if one does."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=1_000_000)
    chosen = parser.parse_args()
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    today = datetime.now(UTC).date()  # noqa: TID251  when it was proven
    sys.stdout.write(
        f"{today} at {commit}, {platform.platform()}, Python {platform.python_version()}\n\n"
    )
    sys.stdout.flush()
    failed = 0
    for program in PROGRAMS:
        command = [sys.executable, "-m", f"tests.prove.{program}", "--seed", str(chosen.seed)]
        failed |= subprocess.run([*command, "--n", str(chosen.n)], cwd=ROOT, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
