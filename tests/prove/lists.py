"""A list of a million people whom not to contact, edition after edition, by the command an operator uses.

`python -m tests.prove.lists --n 1000000 --seed 7` prints a table; it exits with 1 where a count is wrong.
"""

import argparse
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import Engine, text

from tests.doors import ROOT, settings
from tests.programs import run_alone
from worker.desk.suppressions import suppress_recipient
from worker.domain.statuses import Channel, SuppressReason
from worker.local.postgres import running_postgres
from worker.store.connect import connect
from worker.store.migrate import upgrade

LEAST = 1_000
AREAS = ("212", "312", "404", "512", "617", "713", "808", "907", "949", "972")
MOST_MEGABYTES = 400
"""Of the command at its peak, however long the list is: some eight bytes a line, and a portion at a time."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One import: the options beside the list's name, whom the file names, and what is to come of it."""

    title: str
    lines: range
    options: Sequence[str]
    told: str
    in_force: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What an import took. `told`: its last words; `words`: how often it said how far it was."""

    seconds: float
    megabytes: float
    told: str
    words: int


def editions(n: int) -> Iterator[Edition]:
    """In which order a list is really imported: whole, again, newer, wrongly, and so on purpose."""
    gone, half = n // 100, n // 2
    newer = range(gone, n + gone)
    lifting = ("--replace-source",)
    yield Edition("the first", range(n), (), f"suppressed: {n}, new: {n}", n)
    yield Edition("the same again", range(n), lifting, "missing in this file: nobody", n)
    yield Edition("1 % go, 1 % come", newer, lifting, f"lifted: {gone}", n)
    short = range(gone, gone + half)
    refused = f"import again with --lift {n - half}"
    yield Edition("a file cut in half, by mistake", short, lifting, refused, n)
    meant = (*lifting, "--lift", str(n - half))
    yield Edition("the same half, meant", short, meant, f"lifted: {n - half}", half)
    yield Edition("all again", newer, lifting, "missing in this file: nobody", n)


def main() -> int:
    """Import them one after the other; fail if one did not do what it should."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.lists", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--n", type=int, default=1_000_000, help="people of the list")
    chosen = parser.parse_args()
    n = max(chosen.n, LEAST)
    numbers = Random(chosen.seed)  # noqa: S311  a run to be repeated, not a secret
    first = numbers.randrange(2_000_000, 9_000_000 - 2 * n // len(AREAS))
    with (
        tempfile.TemporaryDirectory(prefix="lists-") as folder,
        running_postgres(Path(folder) / "postgres", fresh=True) as server,
    ):
        rows, broken = _import_all(Path(folder), server.url, n, first)
    lines = [
        f"## A list of {n:,} whom not to contact, seed {chosen.seed}",
        *("", "| edition | lines | in force then | s | lines/s | MB at most | lines about it |"),
        *("|---|---|---|---|---|---|---|", *rows, ""),
        *(broken or ["Every count was the one expected, and who had said stop stayed suppressed."]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(broken))


def _import_all(home: Path, url: str, n: int, first: int) -> tuple[list[str], list[str]]:
    full = url.replace("postgresql://", "postgresql+psycopg://")
    upgrade(full)
    engine = connect(full)
    environment = settings(url, "redis://127.0.0.1:1/0", home)
    by, stopped = (
        environment["OPERATOR_EMAIL"],
        number(0, first),
    )  # who leaves the list, and said stop
    suppress_recipient(engine, Channel.SMS, stopped, reason=SuppressReason.UNSUBSCRIBED, by=by)
    rows: list[str] = []
    broken: list[str] = []
    for one in editions(n):
        file = home / "dnc.txt"
        with file.open("w", encoding="utf-8") as written:
            written.writelines(f"{number(position, first)}\n" for position in one.lines)
        ran = _run(environment, home, [str(file), "--source", "dnc", *one.options])
        rows.append(_row(one, ran))
        broken += broken_by(one, ran.told, engine, stopped)
        if ran.megabytes > MOST_MEGABYTES:
            broken.append(f"{one.title}: it took {ran.megabytes:.0f} MB")
    engine.dispose()
    return rows, broken


def number(position: int, first: int) -> str:
    """The list's number at this position: no two alike, all of them in use."""
    return f"+1{AREAS[position % len(AREAS)]}{first + position // len(AREAS):07}"


def _run(environment: dict[str, str], home: Path, arguments: Sequence[str]) -> Ran:
    """The command as an operator starts it, in a process of its own, whose peak the system tells."""
    output = home / "said.txt"
    command = [sys.executable, "-m", "worker.cli.main", "suppress", "import", "sms", *arguments]
    began = time.monotonic()
    with output.open("wb") as sink:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sink, stderr=sink)
        _, _, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    said = output.read_text(encoding="utf-8").splitlines()
    words = sum(bool(re.search(r" read, .* of them new$", line)) for line in said)
    return Ran(seconds, used.ru_maxrss / 1024, said[-1] if said else "nothing", words)


_IN_FORCE = text("""
    SELECT count(*) FROM suppression WHERE source = 'list:dnc' AND lifted_at IS NULL
""")
_STANDS = text("SELECT suppressed_at IS NOT NULL FROM recipient WHERE identity = :identity")
_KEPT = text("SELECT count(*) FROM recipient WHERE suppressed_at IS NOT NULL")


def broken_by(one: Edition, told: str, engine: Engine, stopped: str) -> list[str]:
    """What did not come out as it should. `stopped`: who stands first in the list, and said stop."""
    with engine.begin() as connection:
        in_force = connection.scalar(_IN_FORCE)
        kept = connection.scalar(_KEPT)
        stands = connection.scalar(_STANDS, {"identity": stopped})
    is_listed = one.lines.start == 0
    found = {
        f"it said {told!r}, not {one.told!r}": one.told not in told,
        f"{in_force:,} are in force, not {one.in_force:,}": in_force != one.in_force,
        f"{kept:,} are kept from being contacted": kept != one.in_force + (not is_listed),
        "who had said stop is contacted again": not stands,
    }
    return [f"{one.title}: {what}" for what, is_so in found.items() if is_so]


def _row(one: Edition, ran: Ran) -> str:
    lines = len(one.lines)
    return (
        f"| {one.title} | {lines:,} | {one.in_force:,} | {ran.seconds:,.1f} |"
        f" {lines / ran.seconds:,.0f} | {ran.megabytes:.0f} | {ran.words} |"
    )


if __name__ == "__main__":
    run_alone(main)
