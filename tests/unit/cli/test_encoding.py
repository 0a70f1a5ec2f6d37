"""A listing in a terminal, or a file, whose encoding lacks some of its characters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOLD = "Ж → é"
ASCII = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"}
PROGRAM = f"""
from worker.cli.encoding import print_whatever_the_encoding
from worker.cli.printing import console, add_row, table
print_whatever_the_encoding()
listing = table({TOLD!a}, "a")
add_row(listing, [{TOLD!a}])
console().print(listing)
"""


def run(
    terminal: int = subprocess.PIPE, *, chosen: str | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """The program in a Python that takes its encoding from the locale, which is ASCII, or as chosen."""
    encoding = ASCII if chosen is None else {"PYTHONIOENCODING": chosen}
    return subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", PROGRAM],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "TERM": "dumb", **encoding},
        cwd=ROOT,
        stdout=terminal,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


def test_a_file_holds_every_character() -> None:
    done = run()

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().count(TOLD) == 2


def test_a_terminal_shows_an_escape_for_what_it_lacks() -> None:
    ours, theirs = os.openpty()
    done = run(theirs)
    shown = os.read(ours, 10_000)

    assert (done.returncode, done.stderr) == (0, b"")
    assert shown.count(rb"\u0416 \u2192 ") == 2


@pytest.mark.parametrize("chosen", ["latin-1", "ascii"])
def test_a_chosen_encoding_is_kept(chosen: str) -> None:
    done = run(chosen=chosen)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(chosen).count(rb"\u0416 \u2192 ".decode()) == 2
