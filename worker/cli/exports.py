"""Results out of the door: as a table, CSV or JSON lines, one request at a time."""

import csv
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from itertools import islice

from worker.cli.listing import Listing
from worker.cli.plain_text import printable
from worker.cli.printing import add_row, print_json_line, table
from worker.cli.screen import Screen
from worker.domain.contract.csv_files import neutralize
from worker.domain.contract.result_files import headings, texts
from worker.domain.contract.results import RequestResult

IN_TABLE = (
    "reference_id",
    "target",
    "request_status",
    "channel_manager_status",
    "error_message",
    "sent_at",
    "attempt_count",
    "call_manager_sid",
)
AT_ONCE = 1_000
"""Rows that share a layout: a million of them need not be held to be printed."""


MARK = "\ufeff"
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


def print_table(results: Iterable[RequestResult], out: Screen) -> None:
    """The fields an operator looks for first."""
    coming = iter(results)
    while listing := _listing(islice(coming, AT_ONCE)):
        out.print(listing)


def _listing(results: Iterable[RequestResult]) -> Listing | None:
    listing = table(None, *IN_TABLE)
    for result in results:
        add_row(listing, [getattr(result, name) for name in IN_TABLE])
    return listing if listing.rows else None


def write_csv(
    results: Iterable[RequestResult], variables: Sequence[str], *, separator: str = ","
) -> None:
    """Every field and a column per variable; no cell is one that a spreadsheet would run as a formula."""
    writer = csv.writer(sys.stdout, delimiter=separator)
    writer.writerow([neutralize(_safe(name)) for name in headings(variables)])
    for result in results:
        writer.writerow([neutralize(_safe(text)) for text in texts(result, variables)])


def _safe(text: str) -> str:
    """A file holds what is; a terminal is steered by nobody."""
    return printable(text) if sys.stdout.isatty() else text


def write_excel(
    results: Iterable[RequestResult], variables: Sequence[str], *, separator: str
) -> None:
    """The same behind a byte order mark, without which Excel takes UTF-8 for its country's old characters."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(MARK)
    write_csv(results, variables, separator=separator)


def write_json_lines(results: Iterable[RequestResult]) -> None:
    """Every field, one object per line."""
    for result in results:
        print_json_line(result.to_wire())
