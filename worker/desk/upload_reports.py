"""A file that is read while somebody waits, and the report of its bad rows, which stays with its batch."""

from collections.abc import Iterator
from hashlib import sha256
from tempfile import TemporaryFile
from typing import BinaryIO, TextIO

from worker.desk.batches import get_batch
from worker.desk.uploads import Uploaded, fail_in, store_in
from worker.domain.errors import FileFault
from worker.store import uploads
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.uploads import FileShown

PART = 1024 * 1024
LONGEST_REPORT = 4 * PART
"""Characters, some 60,000 rows; of a worse file the first ones."""
MORE = ",,more rows are bad; mend these first\r\n"
SHOWN = 10


def upload_reported(
    engine: Engine, batch_id: str, *, file: BinaryIO, filename: str, by: str
) -> Uploaded:
    """Store a CSV file's rows as requests of a batch, and its report with them, in one transaction.

    The engine must be a patient one, the file one that can be rewound.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be added.
        FileFault: the file can't be a batch at all; the batch says so and is FAILED.
    """
    told = {"filename": filename, "digest": digest_of(file), "by": by}

    def step(connection: Connection) -> Uploaded:
        file.seek(0)
        with open_report() as report:
            stored = store_in(connection, batch_id, file, filename, by=by, report=report)
            bad = shorten(report)
        key = get_batch(connection, batch_id).id
        outcome, size = stored.to_wire(), file.seek(0, 2)
        uploads.note_read(connection, key, size=size, outcome=outcome, report=bad, **told)
        return stored

    try:
        return in_transaction(engine, step)
    except FileFault as fault:
        in_transaction(engine, fail_in, batch_id, filename, by, why=str(fault))
        raise


def files_of(engine: Engine, batch_id: str) -> list[FileShown]:
    """The latest files of a batch, the newest first.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> list[FileShown]:
        return uploads.files_of(connection, get_batch(connection, batch_id).id, SHOWN)

    return in_transaction(engine, step)


def report_of(engine: Engine, number: int) -> str | None:
    """The report of a file's bad rows as CSV: line, column and reason; it quotes no cell."""
    return in_transaction(engine, uploads.report_of, number)


def open_report() -> TextIO:
    """Somewhere to write a report to, however long."""
    return TemporaryFile("w+", encoding="utf-8", newline="")


def shorten(report: TextIO) -> str | None:
    """Keep of a report what fits; None where it has no row."""
    report.seek(0)
    kept = report.read(LONGEST_REPORT)
    if report.read(1):
        kept = kept[: kept.rindex("\n") + 1] + MORE
    return kept if kept.count("\n") > 1 else None


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 of a file."""
    found = sha256()
    for part in parts_of(file):
        found.update(part)
    return found.hexdigest()


def parts_of(file: BinaryIO) -> Iterator[bytes]:
    """A file from its beginning, a MiB at a time."""
    file.seek(0)
    while part := file.read(PART):
        yield part
