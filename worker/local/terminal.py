"""Commands to type in another terminal."""

import os
import shlex
import sys
from pathlib import Path

DEFAULT = Path(".outreach")
"""Where commands look when no STATE_DIR is set."""


def command_line(state_dir: Path) -> str:
    """Return how `outreach` is called from this folder, so that it finds what runs; as a line to copy."""
    program = shlex.quote(os.path.relpath(Path(sys.executable).parent / "outreach"))
    found_by_itself = state_dir.absolute() == DEFAULT.absolute()
    return program if found_by_itself else f"STATE_DIR={shlex.quote(str(state_dir))} {program}"


def demo_line(state_dir: Path) -> str:
    """The same for the demo's folder: a command finds the demo by itself where no file names a database."""
    return command_line(state_dir if Path(".env").exists() else state_dir.parent)
