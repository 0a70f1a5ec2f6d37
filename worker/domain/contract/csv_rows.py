"""A CSV file as rows of a batch: what makes it unreadable as a whole, and what spoils one row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from worker.domain.contract.csv_files import decode, records
from worker.domain.errors import FileFault

REQUIRED = ("reference_id", "target")
LONGEST_REFERENCE = 256


# A tuple, because a file has a million of them: a frozen dataclass takes four times as long to make.
class Row(NamedTuple):
    """One request as the file says it; `line` is where it starts, counted from 1."""

    line: int
    reference_id: str
    target: str
    request_variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
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


def rows(lines: Iterable[bytes]) -> Iterator[Row | BadRow]:
    """Read a file's rows, one at a time.

    Raises:
        FileFault: it can't be a batch at all; what was read before must not be kept.
    """
    found = records(decode(lines), REQUIRED)
    names = _header(next(found, None))
    header = [name for name in names if name]
    empty = True
    for line, cells in found if header == names else _without_unnamed(names, found):
        empty = False
        yield _row(line, header, cells)
    if empty:
        raise FileFault("the file has a header and no rows")


def _header(first: tuple[int, list[str]] | None) -> list[str]:
    if first is None:
        raise FileFault("the file is empty")
    line, cells = first
    names = [_name_column(cell.strip()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if missing := [name for name in REQUIRED if name not in names]:
        raise FileFault(f"the header has no column {' and no column '.join(missing)}", line)
    if repeated := [name for name in names if name and names.count(name) > 1]:
        raise FileFault(f"two columns are called {repeated[0]!r}", line)
    return names


def _without_unnamed(
    names: list[str], found: Iterable[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    """The records without columns that have no name, which must be empty."""
    unnamed = [at for at, name in enumerate(names) if not name]
    for line, cells in found:
        if meant := [at for at in unnamed if at < len(cells) and cells[at].strip()]:
            raise FileFault(f"column {meant[0] + 1} has no name and is not empty", line)
        yield line, [cell for at, cell in enumerate(cells) if at not in unnamed]


def _name_column(name: str) -> str:
    """A required column in any case is that column; a variable is called as it is written."""
    return name.lower() if name.lower() in REQUIRED else name


def _fit_cells(header: list[str], cells: list[str]) -> list[str]:
    """The cells under the header: those short at the end are empty, empty ones beyond it dropped."""
    while len(cells) > len(header) and not cells[-1].strip():
        cells.pop()
    if len(cells) <= max(header.index(name) for name in REQUIRED):
        return cells
    return cells + [""] * (len(header) - len(cells))


def _row(line: int, header: list[str], cells: list[str]) -> Row | BadRow:
    if len(cells) != len(header):
        cells = _fit_cells(header, cells)
    if len(cells) != len(header):
        return BadRow(line, f"the row has {len(cells)} cells, the header has {len(header)}")
    values = dict(zip(header, cells, strict=True))
    reference_id = values.pop("reference_id").strip()
    target = values.pop("target").strip()
    if not reference_id:
        return BadRow(line, "reference_id is empty")
    if len(reference_id) > LONGEST_REFERENCE:
        return BadRow(line, f"reference_id is longer than {LONGEST_REFERENCE} characters")
    return Row(line, reference_id, target, values)
