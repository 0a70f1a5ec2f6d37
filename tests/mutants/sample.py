"""Draw small faults of the pure rooms by chance, and see how many the unit tests notice."""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.mutants.copies import copy_house, say
from tests.mutants.faults import ROOT
from tests.mutants.judge import Judge, Outcome
from tests.mutants.small import Small, draw
from tests.programs import run_alone

SHARE = 0.95
SECONDS = 120.0
UNIT = ("tests/unit/domain", "tests/unit/providers", "tests/unit/tasks", "tests/unit/web")


def main() -> int:
    """Try them; 1 where less than 95 of 100 are seen."""
    parser = argparse.ArgumentParser(prog="sample", description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="files whose path contains this")
    asked = parser.parse_args()
    counted = Counter[bool]()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "house"
        copy_house(copy)
        judge = Judge(copy, None)
        if judge.run(UNIT) is not Outcome.PASSED:
            raise SystemExit(f"{judge.told}\nthe unit tests fail without a fault")
        for small in draw(copy, asked.only, asked.n, asked.seed):
            counted[_is_seen(judge, copy, small)] += 1
    say(f"{counted[True]} of {counted.total()} were seen")
    return int(counted[True] < SHARE * counted.total())


def _is_seen(judge: Judge, copy: Path, small: Small) -> bool:
    """By the tests that name its module; else by all unit tests."""
    file = copy / small.path
    text = file.read_text(encoding="utf-8")
    file.write_text(small.text, encoding="utf-8")
    try:
        seen = any(_notice(judge, file, text, tests) for tests in (_nearest(small.path), UNIT))
    finally:
        file.write_text(text, encoding="utf-8")
    old, new = (one.splitlines()[small.line - 1].strip() for one in (text, small.text))
    say(
        f"{small.path}:{small.line} {small.operator}: {'seen' if seen else f'NOT SEEN: {old} -> {new}'}"
    )
    return seen


def _notice(judge: Judge, file: Path, text: str, tests: tuple[str, ...]) -> bool:
    outcome = judge.run(tests, seconds=SECONDS) if tests else Outcome.PASSED
    if outcome is not Outcome.TIMED_OUT:
        return outcome is Outcome.FAILED
    faulty = file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")  # was it the fault, or the machine?
    seen = judge.run(tests, seconds=SECONDS) is Outcome.PASSED
    file.write_text(faulty, encoding="utf-8")
    return seen


def _nearest(path: str) -> tuple[str, ...]:
    module = path.removesuffix(".py").replace("/", ".")
    files = (file for folder in UNIT for file in sorted((ROOT / folder).rglob("test_*.py")))
    return tuple(
        str(file.relative_to(ROOT)) for file in files if module in file.read_text(encoding="utf-8")
    )


if __name__ == "__main__":
    run_alone(main)
