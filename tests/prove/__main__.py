"""`make prove`: every program of this folder at full size, one table after the other.

With `--write` what they print goes between the marks of tests/README.md as well.
"""

import argparse
import os
import platform
import re
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.programs import run_alone

PROGRAMS = (
    "numbers",
    "callers",
    "opt_outs",
    "lists",
    "samples",
    "clients",
    "operations",
    "pages",
    "watched",
    "pauses",
    "large",
    "mixed",
    "away",
    "beside",
    "pools",
    "side_by_side",
    "second_account",
)
ROOT = Path(__file__).parents[2]
PAPER = ROOT / "tests" / "README.md"
BEGINS, ENDS = "<!-- make prove -->\n", "<!-- end of make prove -->"


def main() -> int:
    """Run them all; fail if one does."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help="into tests/README.md as well")
    chosen = parser.parse_args()
    told, failed = [_where()], 0
    for program in PROGRAMS:
        command = [sys.executable, "-m", f"tests.prove.{program}", "--seed", str(chosen.seed)]
        done = subprocess.run(
            [*command, "--n", str(chosen.n)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        told.append(done.stdout)
        failed |= done.returncode
    sys.stdout.write("\n".join(told))
    if chosen.write:
        _write("\n".join(told))
    return failed


def _where() -> str:
    """The day, the commit and the machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    today = datetime.now(UTC).date()  # noqa: TID251  when it was proven
    return (
        f"{today} at {commit}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}\n"
    )


def _write(text: str) -> None:
    between = re.compile(f"{BEGINS}.*{ENDS}", re.DOTALL)
    paper = PAPER.read_text(encoding="utf-8")
    PAPER.write_text(between.sub(lambda _: f"{BEGINS}\n{text}\n{ENDS}", paper), encoding="utf-8")


if __name__ == "__main__":
    run_alone(main)
