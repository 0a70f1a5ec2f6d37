"""Printing in a terminal. Text from outside is never markup and never moves the cursor."""

import sys
from collections.abc import Iterable, Sequence

import orjson
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from worker.cli.cells import cell
from worker.cli.listing import Listing, ListingRow
from worker.cli.plain_text import escape, one_line, printable
from worker.cli.screen import Screen, screen_of
from worker.domain.wire import Wire


def console() -> Screen:
    """Standard output, for what has no times in it."""
    return Screen()


def complain(sentence: str) -> None:
    """Say on standard error what went wrong."""
    sys.stderr.write(f"outreach: {one_line(sentence)}\n")


def warn(sentences: Iterable[str]) -> None:
    """Say on standard output what is probably not meant."""
    for sentence in sentences:
        console().print(f"warning: {sentence}")


def write_text(text: str) -> None:
    """Text as it is, for a file or a program; harmless where somebody reads it."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def print_json(value: Wire) -> None:
    """One value as indented JSON."""
    sys.stdout.write(escape(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()) + "\n")


def print_json_line(value: Wire) -> None:
    """One value as one line of JSON."""
    sys.stdout.write(escape(orjson.dumps(value).decode()) + "\n")


def table(title: str | None, *columns: str, breaks: bool = False, by_day: bool = False) -> Listing:
    """An empty list in the house's style, its columns in the order of their weight."""
    return Listing(title and one_line(title), columns, breaks=breaks, by_day=by_day)


def add_row(made: Listing, values: Sequence[object], *, style: str | None = None) -> None:
    """One row of any values."""
    made.rows.append(ListingRow(values, style))


class FactLines:
    """Names and values, one below the other; what is not set is left out."""

    def __init__(self, title: str, facts: Iterable[tuple[str, object]]) -> None:
        self.title = one_line(title)
        self.facts = [(name, one) for name, one in facts if one not in (None, "", [], {}, ())]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay them out; a value that is too long goes on below itself."""
        yield Text(self.title, style="bold")
        made = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        made.add_column(style="dim", no_wrap=True)
        made.add_column(overflow="fold")
        here = screen_of(console)
        here.note(value for _, value in self.facts)
        for name, value in self.facts:
            made.add_row(name, Text(cell(value, here.zone)))
        yield made


def facts_table(title: str, facts: Iterable[tuple[str, object]]) -> FactLines:
    """Names and values under a title."""
    return FactLines(title, facts)
