"""The report of bad rows: which line, which column, why. It never quotes a cell."""

import csv
import heapq
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import TextIO

from worker.domain.contract.csv_files import neutralize
from worker.domain.contract.csv_rows import BadRow

HEADER = ("line", "column", "reason")


class BadRows:
    """Collects bad rows on disk, so that a file with a million of them takes no memory.

    With nowhere to write to, it forgets what it is told.
    """

    def __init__(self, out: TextIO | None) -> None:
        self._out = out
        self._spool = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  lives as long as we do

    def start(self) -> None:
        """Begin anew: an upload that lost a race is read again."""
        self._spool.seek(0)
        self._spool.truncate()

    def note(self, row: BadRow) -> None:
        """Keep a row; they come in the order of their lines."""
        if self._out is not None:
            self._spool.write(f"{row.line}\t{row.reason}\n")

    def finish(self, others: Iterable[BadRow] = ()) -> None:
        """Write what was noted and the others, which come in that order too."""
        if self._out is None:
            return
        self._out.seek(0)
        self._out.truncate()
        writer = csv.writer(self._out)
        writer.writerow(HEADER)
        for row in heapq.merge(self._read_noted(), others, key=lambda row: row.line):
            writer.writerow((row.line or "", row.column or "", neutralize(row.reason)))
        self._out.flush()

    def close(self) -> None:
        """Forget the rows."""
        self._spool.close()

    def _read_noted(self) -> Iterator[BadRow]:
        self._spool.seek(0)
        for kept in self._spool:
            line, _, reason = kept.rstrip("\n").partition("\t")
            yield BadRow(int(line), reason)
