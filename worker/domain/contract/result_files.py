"""Results as rows of a file: every field, and a column for each variable."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from worker.domain.contract.csv_files import neutralize
from worker.domain.contract.results import RESULT_FIELDS, RequestResult

FOLDED = "request_variables"
BEFORE = RESULT_FIELDS[: RESULT_FIELDS.index(FOLDED)]
BEHIND = RESULT_FIELDS[RESULT_FIELDS.index(FOLDED) + 1 :]


def headings(variables: Sequence[str]) -> list[str]:
    """The fields, the variables in the place of theirs; one of a field's name says what it is."""
    named = [f"{FOLDED}.{name}" if name in RESULT_FIELDS else name for name in variables]
    return [*BEFORE, *named, *BEHIND]


def texts(result: RequestResult, variables: Sequence[str]) -> list[str]:
    """The cells of one result, below those headings."""
    wire = result.to_wire()
    values = [result.request_variables.get(name) for name in variables]
    return [
        "" if value is None else str(value)
        for value in [*(wire[name] for name in BEFORE), *values, *(wire[name] for name in BEHIND)]
    ]


def csv_lines(results: Iterable[RequestResult], variables: Sequence[str]) -> Iterator[str]:
    """Lines of CSV, the headings first; no cell is one that a spreadsheet would run as a formula."""
    yield _line(headings(variables))
    for result in results:
        yield _line(texts(result, variables))


def _line(cells: Sequence[str]) -> str:
    written = StringIO(newline="")
    csv.writer(written).writerow([neutralize(cell) for cell in cells])
    return written.getvalue()
