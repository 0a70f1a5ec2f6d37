"""Results out of the door: as a table, CSV or JSON lines, one request at a time."""

import csv
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from itertools import islice

from worker.cli.cells import printable
from worker.cli.listing import Listing
from worker.cli.printing import add_row, print_json_line, table
from worker.cli.screen import Screen
from worker.domain.contract.csv_files import neutralize
from worker.domain.contract.results import RESULT_FIELDS, RequestResult

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
FOLDED = "request_variables"
BEFORE = RESULT_FIELDS[: RESULT_FIELDS.index(FOLDED)]
BEHIND = RESULT_FIELDS[RESULT_FIELDS.index(FOLDED) + 1 :]
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
    writer.writerow([neutralize(_safe(name)) for name in _headings(variables)])
    for result in results:
        writer.writerow([neutralize(_safe(text)) for text in _texts(result, variables)])


def _headings(variables: Sequence[str]) -> list[str]:
    """The fields, the variables in the place of theirs; one of a field's name says what it is."""
    named = [f"{FOLDED}.{name}" if name in RESULT_FIELDS else name for name in variables]
    return [*BEFORE, *named, *BEHIND]


def _texts(result: RequestResult, variables: Sequence[str]) -> list[str]:
    wire = result.to_wire()
    values = [result.request_variables.get(name) for name in variables]
    return [
        "" if value is None else str(value)
        for value in [*(wire[name] for name in BEFORE), *values, *(wire[name] for name in BEHIND)]
    ]


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
