"""Environments with one wheel of the public SDK each, made once and kept beside the project's own."""

import fcntl
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DRIVER = HERE / "drive.py"
KEPT = Path(sys.prefix) / "sdk"


def versions() -> list[str]:
    """Every generation there is a lock of, the oldest first."""
    found = [path.stem for path in HERE.glob("*.txt")]
    return sorted(found, key=lambda name: [int(part) for part in name.split(".")])


def python_with(version: str) -> Path:
    """The interpreter of the environment with this version."""
    place = KEPT / version
    python = place / "bin" / "python"
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(place))
            locked = str(HERE / f"{version}.txt")
            quiet = ("-qq", "--disable-pip-version-check", "--require-hashes")
            pip = (sys.executable, "-m", "pip", "--python", str(python), "install")
            run(*pip, *quiet, "-r", locked)
            (place / "ready").touch()
    return python


def run(*command: str) -> None:
    """A command that must succeed."""
    subprocess.run(command, check=True, capture_output=True)
