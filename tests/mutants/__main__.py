"""Put the faults of a room into a copy of the code, one at a time, and run the tests that must see them."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.faults import ROOMS, ROOT, Fault, Part, read_room

SECONDS = 600
SHARE = 0.95


def main() -> int:
    """Try them; 1 where less than 95 of 100 are seen, or one that is not seen is not explained."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--room", choices=ROOMS, help="all of them unless named")
    parser.add_argument("--only", default="", help="files whose path contains this")
    asked = parser.parse_args()
    rooms = [asked.room] if asked.room else ROOMS
    parts = [part for room in rooms for part in read_room(room) if asked.only in part.path]
    unseen: list[Fault] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "house"
        _copy(copy)
        for part in parts:
            unseen += _unseen(copy, part)
    tried = sum(len(part.faults) for part in parts)
    seen = tried - len(unseen)
    _say(f"{seen} of {tried} were seen")
    return int(seen < SHARE * tried or any(fault.why is None for fault in unseen))


def _copy(to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, to / name)


def _unseen(copy: Path, part: Part) -> list[Fault]:
    """The faults of one file that no test has seen."""
    if not _holds(copy, part.tests):
        raise SystemExit(f"{part.path}: its tests fail without a fault")
    file = copy / part.path
    text = file.read_text(encoding="utf-8")
    unseen = []
    for fault in part.faults:
        file.write_text(fault.applied(text), encoding="utf-8")
        survived = _holds(copy, part.tests)
        if survived:
            unseen.append(fault)
        verdict = f"NOT SEEN ({fault.why or 'and nobody says why'})" if survived else "seen"
        _say(f"{part.path}: {fault.promise}: {verdict}")
    file.write_text(text, encoding="utf-8")
    return unseen


def _holds(copy: Path, tests: Sequence[str]) -> bool:
    """Whether all tests pass; one that takes too long has seen something."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    running = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return running.wait(SECONDS) == 0
    except subprocess.TimeoutExpired:
        running.terminate()  # rather than kill: it ends its servers
        running.wait()
        return False


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
