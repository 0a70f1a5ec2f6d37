"""What is printed reaches terminals and files whose encoding lacks some of it."""

import os
import sys
from io import TextIOWrapper

CHOSEN = "PYTHONIOENCODING"


def print_whatever_the_encoding() -> None:
    """Show what a terminal's encoding lacks as an escape, where Python would raise; files hold UTF-8.

    A locale of one byte a character, or none that the machine knows, is no reason for a listing to fail, nor
    for a file of results to lose names. What somebody chose by `PYTHONIOENCODING` is kept.
    """
    out = sys.stdout
    if not isinstance(out, TextIOWrapper):
        return
    if out.isatty() or CHOSEN in os.environ:
        out.reconfigure(errors="backslashreplace")
    else:
        out.reconfigure(encoding="utf-8")
