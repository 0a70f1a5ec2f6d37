"""A file of cells as spreadsheets write it: its characters, its separator, and the records in it."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from re import IGNORECASE, fullmatch

from worker.domain.errors import FileFault

BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ",;\t|"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_WORKBOOK = 'this is a workbook, no CSV; save it as "CSV UTF-8"'
_UTF16 = 'this is UTF-16; save the file as "CSV UTF-8"'
_LOOKED_AT = 64
"""Bytes of a line that tell UTF-16 without its mark: every second one is NUL."""

# A cell that starts with one of these, wide forms among them, may be run as a formula by a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def decode(lines: Iterable[bytes]) -> Iterator[str]:
    """The lines as text.

    Raises:
        FileFault: they are no UTF-8.
    """
    for number, line in enumerate(lines, start=1):
        raw = _strip_marks(line) if number == 1 else line
        if b"\x00" in raw:
            nul = "there is a NUL byte: this is not a text file"
            raise FileFault(_UTF16 if _is_half_nul(raw[:_LOOKED_AT]) else nul, number)
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError:
            raise FileFault("this is not UTF-8; save the file as UTF-8", number) from None


def _strip_marks(first: bytes) -> bytes:
    """The first line without its byte order marks: a file that was saved twice has two.

    Raises:
        FileFault: it is a file of Excel's own, or no UTF-8.
    """
    if first.startswith(UTF16_BOMS):
        raise FileFault(_UTF16, 1)
    if first.startswith(WORKBOOKS):
        raise FileFault(_WORKBOOK, 1)
    while first.startswith(BOM):
        first = first.removeprefix(BOM)
    return first


def _is_half_nul(begins: bytes) -> bool:
    high, low = begins[::2], begins[1::2]
    return any(high) != any(low)


def records(text: Iterator[str], wanted: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Every record with anything but blanks in it, with the line it starts on.

    Args:
        text: the lines.
        wanted: columns by which the header is known, whatever separates it.

    Raises:
        FileFault: they are no CSV.
    """
    skipped, first = _begins(text)
    told = fullmatch(r'"?sep=([^\w\s"]|\t)"?[,;\t|]*\s*', first, IGNORECASE)
    if told:
        skipped += 1
    separator = told[1] if told else separator_of(first, wanted)
    reader = csv.reader(text if told else chain([first], text), delimiter=separator, strict=True)
    start = 1 + skipped
    try:
        for cells in reader:
            if cells and (cells[0].strip() or any(map(str.strip, cells))):
                yield start, cells
            start = reader.line_num + 1 + skipped
    except csv.Error as error:
        line = (reader.line_num or 1) + skipped
        raise FileFault(f"this is not CSV: {_plainly(error)}", line) from None


def _begins(text: Iterator[str]) -> tuple[int, str]:
    """Count the empty lines that come first; return the line behind them too."""
    skipped = 0
    for line in text:
        if line.strip(SEPARATORS + " \r\n\xa0"):
            return skipped, line
        skipped += 1
    return skipped, ""


def separator_of(header: str, wanted: Iterable[str]) -> str:
    """The separator under which the header names the wanted columns; else the comma."""
    columns = set(wanted)
    for separator in SEPARATORS:
        names = {cell.strip().strip('"').strip().lower() for cell in header.split(separator)}
        if names >= columns:
            return separator
    return ","


def _plainly(error: csv.Error) -> str:
    if "new-line character" in str(error):
        return "a lone carriage return; end lines with LF or CRLF"
    if "field larger" in str(error):
        return f"a cell has more than {csv.field_size_limit():,} characters"
    return str(error)


def neutralize(cell: str) -> str:
    """The cell as a spreadsheet may open it: never run as a formula.

    An E.164 number keeps its plus: read as a number it does no harm, and the file can come back.
    """
    if cell.startswith(FORMULA_STARTS) and not fullmatch(r"\+[0-9]{1,15}", cell):
        return f"'{cell}"
    return cell
