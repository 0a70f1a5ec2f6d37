"""Put the faults of a room into a copy of the code, one at a time, and run the tests that must see them."""

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

from tests.mutants.copies import copy_house, say
from tests.mutants.faults import ROOMS, ROOT, Fault, Part, read_room
from tests.mutants.judge import Judge, Outcome, open_court
from tests.programs import run_alone

SHARE = 0.95
LEAST_SECONDS = 30
LOG = ROOT / ".scratch" / "mutants.log"
SCHEMA = ("worker/store/migrations/", "worker/store/schema/", "worker/store/functions/")


def main() -> int:
    """Try them; 1 where less than 95 of 100 are seen, or one that is not seen is not explained."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--room", choices=ROOMS, help="all of them unless named")
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument(
        "--again", action="store_true", help="those too that the log says were seen"
    )
    asked = parser.parse_args()
    rooms = [asked.room] if asked.room else ROOMS
    parts = [part for room in rooms for part in read_room(room) if asked.only in part.path]
    known = set() if asked.again else _read_log()
    unseen: list[Fault] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "house"
        copy_house(copy)
        with open_court(copy, Path(folder) / "postgres") as judge:
            for part in parts:
                unseen += _unseen(judge, copy, part, known)
    tried = sum(len(part.faults) for part in parts)
    seen = tried - len(unseen)
    say(f"{seen} of {tried} were seen")
    return int(seen < SHARE * tried or any(fault.why is None for fault in unseen))


def _unseen(judge: Judge, copy: Path, part: Part, known: set[str]) -> list[Fault]:
    """The faults of one file that no test has seen."""
    waiting = [fault for fault in part.faults if _digest(part, fault) not in known]
    if not waiting:
        return []
    began = time.monotonic()
    if judge.run(part.tests, fresh=True) is not Outcome.PASSED:
        raise SystemExit(f"{judge.told}\n{part.path}: its tests fail without a fault")
    seconds = LEAST_SECONDS + 3 * (time.monotonic() - began)
    return [fault for fault in waiting if not _is_seen(judge, copy, part, fault, seconds)]


def _is_seen(judge: Judge, copy: Path, part: Part, fault: Fault, seconds: float) -> bool:
    """Put it in, look, and take it out again."""
    file, changes_schema = copy / part.path, part.path.startswith(SCHEMA)
    text = file.read_text(encoding="utf-8")
    file.write_text(fault.applied(text), encoding="utf-8")
    outcome = judge.run(part.tests, fresh=changes_schema, seconds=seconds)
    witness = judge.witness
    file.write_text(text, encoding="utf-8")
    if outcome is Outcome.TIMED_OUT:  # was it the fault, or the machine?
        outcome = judge.run(part.tests, fresh=changes_schema, seconds=seconds)
        if outcome is not Outcome.PASSED:
            raise SystemExit(f"{part.path}: its tests take too long, or fail, without a fault too")
        outcome = Outcome.FAILED
    seen = outcome is Outcome.FAILED
    verdict = "seen" if seen else f"NOT SEEN ({fault.why or 'and nobody says why'})"
    say(f"{part.path}: {fault.promise}: {verdict}")
    _note(_digest(part, fault), "seen" if seen else "unseen", part.path, fault.promise, witness)
    return seen


def _digest(part: Part, fault: Fault) -> str:
    """Names a fault for as long as neither it nor its tests are written anew."""
    told = "\0".join([part.path, fault.old, fault.new, *part.tests])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _read_log() -> set[str]:
    """The faults that were seen already: a run that was ended goes on from there."""
    lines = LOG.read_text(encoding="utf-8").splitlines() if LOG.exists() else []
    return {line.split("\t")[0] for line in lines if line.split("\t")[1] == "seen"}


def _note(*told: str) -> None:
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log:
        log.write("\t".join(told) + "\n")


if __name__ == "__main__":
    run_alone(main)
