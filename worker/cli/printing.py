"""How things look in a terminal. What a stranger wrote is never markup and never moves the cursor."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from worker.domain.wire import Wire, stamp


def console() -> Console:
    """Standard output."""
    return Console(markup=False, highlight=False, emoji=False)


def complain(sentence: str) -> None:
    """Say on standard error what went wrong."""
    sys.stderr.write(f"outreach: {printable(sentence)}\n")


def warn(sentences: Iterable[str]) -> None:
    """Say on standard output what is probably not meant."""
    for sentence in sentences:
        console().print(f"warning: {sentence}")


def print_json(value: Wire) -> None:
    """One value as indented JSON."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def table(title: str | None, *columns: str) -> Table:
    """An empty table in the house's style."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
    )
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


def facts_table(title: str, facts: Iterable[tuple[str, object]]) -> Table:
    """Names and values, one below the other; what is not set is left out."""
    made = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None)
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in facts:
        if value not in (None, "", [], {}, ()):
            made.add_row(name, cell(value))
    return made


def add_row(made: Table, values: Sequence[object], *, style: str | None = None) -> None:
    """One row of any values."""
    made.add_row(*map(cell, values), style=style)


def cell(value: object) -> str:
    """A value as a cell shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list | tuple):
        return printable(orjson.dumps(value).decode())
    return printable(str(value))


def printable(text: str) -> str:
    """The text without characters that steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
