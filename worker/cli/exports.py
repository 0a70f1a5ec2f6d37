"""Results out of the door: as a table, CSV or JSON lines, one request at a time."""

import csv
import sys
from collections.abc import Iterable
from io import TextIOWrapper

import orjson
from rich.console import Console

from worker.cli.printing import add_row, table
from worker.domain.csv_files import neutralized
from worker.domain.results import RESULT_FIELDS, RequestResult
from worker.domain.wire import Wire

IN_TABLE = (
    "reference_id",
    "target",
    "request_status",
    "channel_manager_status",
    "attempt_count",
    "sent_at",
    "call_manager_sid",
    "error_message",
)


MARK = "\ufeff"
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


def print_table(results: Iterable[RequestResult], out: Console) -> None:
    """The fields an operator looks for first."""
    listing = table(None, *IN_TABLE)
    for result in results:
        add_row(listing, [getattr(result, name) for name in IN_TABLE])
    out.print(listing)


def write_csv(results: Iterable[RequestResult], *, separator: str = ",") -> None:
    """Every field, with cells neutralized that a spreadsheet would run as a formula."""
    writer = csv.writer(sys.stdout, delimiter=separator)
    writer.writerow(RESULT_FIELDS)
    for result in results:
        writer.writerow([_csv_cell(value) for value in result.to_wire().values()])


def write_excel(results: Iterable[RequestResult], *, separator: str) -> None:
    """The same behind a byte order mark, without which Excel takes UTF-8 for its country's old characters."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(MARK)
    write_csv(results, separator=separator)


def write_json_lines(results: Iterable[RequestResult]) -> None:
    """Every field, one object per line."""
    for result in results:
        sys.stdout.write(orjson.dumps(result.to_wire()).decode() + "\n")


def _csv_cell(value: Wire) -> str:
    if value is None:
        return ""
    return neutralized(value if isinstance(value, str) else orjson.dumps(value).decode())
