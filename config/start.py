"""Start of a process with its settings: whole, or it ends before anything else with what is wrong."""

import os
import sys

from config.settings import Settings, SettingsError, load

PROCESS = "OUTREACH_PROCESS"
"""Environment variable: what a process was started as, where that is not its module's name."""


def process_name() -> str:
    """Return what this process was started as; `outreach` where nobody said."""
    return os.environ.get(PROCESS, "outreach")


def load_or_exit(process: str = "outreach") -> Settings:
    """The settings of a process that starts.

    Raises:
        SystemExit: with 2, after one line for each setting that is missing or wrong.
    """
    try:
        return load()
    except SettingsError as error:
        print(f"{process} can't start:", *error.faults, sep="\n  ", file=sys.stderr)  # noqa: T201  before logging
        raise SystemExit(2) from None
