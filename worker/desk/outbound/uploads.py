"""Files as the public API's clients bring them."""

from typing import BinaryIO

from worker.desk.outbound.batches import get_seen_batch
from worker.desk.uploads import upload_requests
from worker.domain.callers import Caller
from worker.domain.errors import FileFault
from worker.store.connect import Engine

LARGEST_FILE = 256 * 1024 * 1024
ZIP = b"PK\x03\x04"
"""How a spreadsheet's own file begins, and no CSV."""


def take_file(
    engine: Engine, patient: Engine, batch_id: str, file: BinaryIO, filename: str, caller: Caller
) -> None:
    """Take a file in."""
    get_seen_batch(engine, batch_id, caller)
    if file.read(len(ZIP)) == ZIP:
        raise FileFault("this is a spreadsheet; save it as CSV")
    upload_requests(patient, batch_id, file=file, filename=filename, by=caller.owner)
