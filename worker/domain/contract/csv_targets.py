"""A file of targets alone: one a line, or the column `target` of a CSV."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from worker.domain.contract.csv_files import SEPARATORS, decode, records, separator_of
from worker.domain.errors import FileFault

COLUMN = "target"
_TOLD = re.compile(r"sep=.?", re.IGNORECASE)
"""A line by which Excel is told what separates cells."""


def targets(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Every target with its line; empty lines are passed over.

    A plain list may have quotes around its targets, and separators of empty columns behind them; whatever
    else stands in a line makes it no target.

    Raises:
        FileFault: it can't be read.
    """
    text = decode(lines)
    before, first = [], ""
    for first in text:
        if first.strip(SEPARATORS + " \r\n") and not first.lower().startswith(("sep=", '"sep=')):
            break
        before.append(first)
    whole = chain(before, [first] if first not in before else [], text)
    yield from _column(whole) if _names(first) else _list(whole)


def _names(header: str) -> bool:
    separator = separator_of(header, {COLUMN})
    return COLUMN in _cells(header, separator)


def _cells(header: str, separator: str) -> list[str]:
    return [cell.strip().strip('"').strip().lower() for cell in header.split(separator)]


def _column(text: Iterator[str]) -> Iterator[tuple[int, str]]:
    found = records(text, {COLUMN})
    line, header = next(found)
    names = [cell.strip().lower() for cell in header]
    if names.count(COLUMN) > 1:
        raise FileFault(f"two columns are called {COLUMN!r}", line)
    at = names.index(COLUMN)
    for line, cells in found:
        if len(cells) > at and cells[at].strip():
            yield line, cells[at].strip()


def _list(text: Iterator[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text, start=1):
        bare = line.strip().rstrip(SEPARATORS + " ")
        if len(bare) > 1 and bare[0] == bare[-1] == '"':
            bare = bare[1:-1].strip()
        if bare and not _TOLD.fullmatch(bare):
            yield number, bare
