"""The release before this one: its wheel, built from the history, in an environment of its own."""

import subprocess
import sysconfig
import tarfile
from io import BytesIO
from pathlib import Path

from tests.wheels import build, install_alone

ROOT = Path(__file__).parents[1]
FIRST = "db12244cdd3fbf4297b25e3de86a8921168e3590"
"""Stands for the last release while there is none: the commit whose schema every database begins with."""


class NoHistory(Exception):
    """The older release can't be built here; says why in a sentence."""

    def __init__(self, commit: str) -> None:
        super().__init__(
            f"the older release can't be built: this clone lacks {commit[:8]} (git fetch --unshallow)"
        )


def older_commit() -> str:
    """The newest tag of a release behind this commit; while there is none, `FIRST`."""
    asked = ("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^")
    found = _git(*asked)
    return found.stdout.decode().strip() if found.returncode == 0 else FIRST


def install_older(home: Path) -> Path:
    """The Python of an environment with that release's wheel, on the libraries of the running one.

    Raises:
        NoHistory: it is not in this clone.
    """
    commit = older_commit()
    packed = _git("archive", "--format=tar", commit)
    if packed.returncode != 0:
        raise NoHistory(commit)
    source = home / "source"
    source.mkdir(parents=True)
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as tree:
        tree.extractall(source, filter="data")
    site = install_alone(build(source, home), home / "environment")
    (site / "running.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return home / "environment" / "bin" / "python"


def _git(*words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
