"""A CSV file as rows of a batch: what makes it unreadable as a whole, and what spoils one row."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from re import IGNORECASE, fullmatch

from worker.domain.errors import FileFault

REQUIRED = ("reference_id", "target")
LONGEST_REFERENCE = 256
BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")

# A cell that starts with one of these may be run as a formula by a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One request as the file says it; `line` is where it starts, counted from 1."""

    line: int
    reference_id: str
    target: str
    request_variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not stored, and why; the others are.

    A reason that blames one column begins with its name.
    """

    line: int
    reason: str

    @property
    def column(self) -> str | None:
        """The column to blame, if it is one."""
        name = self.reason.partition(" ")[0]
        return name if name in REQUIRED else None


def rows(lines: Iterable[bytes]) -> Iterator[Row | Refused]:
    """Read a file's rows, one at a time.

    Raises:
        FileFault: it can't be a batch at all; what was read before must not be kept.
    """
    records = _records(_decoded(lines))
    header = _header(next(records, None))
    empty = True
    for line, cells in records:
        empty = False
        yield _row(line, header, cells)
    if empty:
        raise FileFault("the file has a header and no rows")


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        raw = _unmarked(line) if number == 1 else line
        if b"\x00" in raw:
            raise FileFault("there is a NUL byte: this is not a text file", number)
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError:
            raise FileFault("this is not UTF-8; save the file as UTF-8", number) from None


def _unmarked(first: bytes) -> bytes:
    """The first line without its byte order marks: a file that was saved twice has two."""
    if first.startswith(UTF16_BOMS):
        raise FileFault('this is UTF-16; save the file as "CSV UTF-8"', 1)
    while first.startswith(BOM):
        first = first.removeprefix(BOM)
    return first


def _records(text: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Every record with anything in it, with the line it starts on."""
    first = next(text, "")
    told = fullmatch(r'"?sep=([,;\t|])"?,*\s*', first, IGNORECASE)
    skipped = 1 if told else 0
    delimiter = told[1] if told else _delimiter(first)
    reader = csv.reader(text if told else chain([first], text), delimiter=delimiter, strict=True)
    start = 1 + skipped
    try:
        for cells in reader:
            if any(cells):
                yield start, cells
            start = reader.line_num + 1 + skipped
    except csv.Error as error:
        line = (reader.line_num or 1) + skipped
        raise FileFault(f"this is not CSV: {_plainly(error)}", line) from None


def _delimiter(header: str) -> str:
    """The separator under which the header names the required columns; else the comma."""
    for delimiter in ",;\t":
        names = {cell.strip().lower() for cell in header.split(delimiter)}
        if names.issuperset(REQUIRED) or names.issuperset(f'"{name}"' for name in REQUIRED):
            return delimiter
    return ","


def _plainly(error: csv.Error) -> str:
    if "new-line character" in str(error):
        return "a lone carriage return; end lines with LF or CRLF"
    if "field larger" in str(error):
        return f"a cell has more than {csv.field_size_limit():,} characters"
    return str(error)


def _header(first: tuple[int, list[str]] | None) -> list[str]:
    if first is None:
        raise FileFault("the file is empty")
    line, cells = first
    names = [_named(cell.strip()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if missing := [name for name in REQUIRED if name not in names]:
        raise FileFault(f"the header has no column {' and no column '.join(missing)}", line)
    if unnamed := [position for position, name in enumerate(names, start=1) if not name]:
        raise FileFault(f"column {unnamed[0]} has no name", line)
    if repeated := [name for name in names if names.count(name) > 1]:
        raise FileFault(f"two columns are called {repeated[0]!r}", line)
    return names


def _named(name: str) -> str:
    """A required column in any case is that column; a variable is called as it is written."""
    return name.lower() if name.lower() in REQUIRED else name


def _fitted(header: list[str], cells: list[str]) -> list[str]:
    """The cells under the header: those short at the end are empty, empty ones beyond it dropped."""
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    if len(cells) <= max(header.index(name) for name in REQUIRED):
        return cells
    return cells + [""] * (len(header) - len(cells))


def _row(line: int, header: list[str], cells: list[str]) -> Row | Refused:
    if len(cells) != len(header):
        cells = _fitted(header, cells)
    if len(cells) != len(header):
        return Refused(line, f"the row has {len(cells)} cells, the header has {len(header)}")
    values = dict(zip(header, cells, strict=True))
    reference_id = values.pop("reference_id").strip()
    target = values.pop("target").strip()
    if not reference_id:
        return Refused(line, "reference_id is empty")
    if len(reference_id) > LONGEST_REFERENCE:
        return Refused(line, f"reference_id is longer than {LONGEST_REFERENCE} characters")
    return Row(line, reference_id, target, values)


def neutralized(cell: str) -> str:
    """The cell as a spreadsheet may open it: never run as a formula.

    An E.164 number keeps its plus: read as a number it does no harm, and the file can come back.
    """
    if cell.startswith(FORMULA_STARTS) and not fullmatch(r"\+[0-9]{1,15}", cell):
        return f"'{cell}"
    return cell
