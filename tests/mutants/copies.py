"""A copy of the house to put faults into, and what is said about them."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutants.faults import ROOT


def copy_house(to: Path) -> None:
    """Every file that git knows, as it stands now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, to / name)


def say(sentence: str) -> None:
    """At once: whoever waits for hours wants to see it go on."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
