"""Files as the public API's clients bring them."""

from typing import BinaryIO

from worker.desk.visibility import seen_batch
from worker.desk.waiting_uploads import keep_file
from worker.domain.callers import Caller
from worker.domain.errors import FileFault
from worker.domain.wire import Wire
from worker.store import uploads
from worker.store.connect import Connection, Engine, in_transaction

ZIP = b"PK\x03\x04"
"""How a spreadsheet's own file begins, and no CSV."""
TOLD = 20
"""Files that a batch tells of, the latest ones."""


def take_file(engine: Engine, batch_id: str, file: BinaryIO, filename: str, caller: Caller) -> None:
    """Keep a file durably; it is read soon, by whichever process.

    The engine must be a patient one.

    Raises:
        UnknownBatch: there is none that the caller may see.
        FileFault: it is no text at all; the batch is as it was.
        BatchArchived, BatchDeleted, BatchExpired, FileTooLarge, UploadsFull: it is not kept.
    """
    in_transaction(engine, seen_batch, batch_id, caller.campaign)
    if file.read(len(ZIP)) == ZIP:
        raise FileFault("this is a spreadsheet; save it as CSV")
    keep_file(engine, batch_id, file, filename or "upload.csv", by=caller.owner)


def latest_uploads(connection: Connection, batch: int) -> list[Wire]:
    """Return what became of the batch's latest files, the newest first."""
    return [one.to_wire() for one in uploads.latest(connection, batch, TOLD)]
