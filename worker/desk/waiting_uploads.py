"""Files are kept before they are read, so that they are read whatever happens to who took them in."""

from tempfile import TemporaryFile
from typing import BinaryIO

import structlog

from worker.desk.batches import get_batch
from worker.desk.upload_reports import PART, digest_of, open_report, parts_of, shorten
from worker.desk.uploads import fail_in, store_in
from worker.domain.contract.batches import refuse_closed
from worker.domain.errors import FileFault, Mistake
from worker.store import batches, uploads
from worker.store.batches import now
from worker.store.connect import Connection, Engine, StoreRefused, in_transaction
from worker.store.uploads import WaitingUpload

log = structlog.get_logger()
LARGEST_FILE = 256 * 1024 * 1024
MOST_WAITING = 1024 * 1024 * 1024
"""Bytes of all files that wait, in the database."""


class UploadsFull(Mistake):
    """Others wait already, as many as may."""

    def __init__(self) -> None:
        super().__init__("too much waits to be read: bring the file again in a minute")


class FileTooLarge(Mistake):
    """It is larger than a file may be."""

    def __init__(self) -> None:
        super().__init__(f"a file has at most {LARGEST_FILE // PART} MiB; split it")


def keep_file(engine: Engine, batch_id: str, file: BinaryIO, filename: str, *, by: str) -> None:
    """Keep a file of a batch durably, to be read by whoever comes first; one it has is left alone.

    The engine must be a patient one, the file one that can be rewound.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be added to it.
        FileTooLarge, UploadsFull: it can't be kept.
    """
    size = file.seek(0, 2)
    if size > LARGEST_FILE:
        raise FileTooLarge
    digest = digest_of(file)

    def step(connection: Connection) -> None:
        facts = get_batch(connection, batch_id)
        refuse_closed(facts, now(connection))
        if uploads.is_known(connection, facts.id, digest):
            return
        if uploads.bytes_waiting(connection) + size > MOST_WAITING:
            raise UploadsFull
        told = {"filename": filename, "digest": digest, "by": by}
        uploads.keep(connection, facts.id, size=size, parts=parts_of(file), **told)
        # Last of all, for begin and pause need the batch's row.
        batches.note_waiting(connection, facts.id, filename, by)
        refuse_closed(get_batch(connection, batch_id), now(connection))

    in_transaction(engine, step)


def read_waiting(engine: Engine) -> bool:
    """Read one file that waits, if there is one: its rows and the note that it is read are one commit.

    The engine must be a patient one. Whoever is killed in the middle has done nothing.

    Returns:
        whether there was one.

    Raises:
        StoreUnavailable: the database does not take it now.
    """
    held: list[WaitingUpload] = []

    def step(connection: Connection) -> bool:
        found = uploads.claim(connection)
        held[:] = [found] if found else []
        if found is None:
            return False
        with TemporaryFile() as file, open_report() as report:
            for part in uploads.parts_of(connection, found.id):
                file.write(part)
            file.seek(0)
            by = found.received_by
            done = store_in(connection, found.batch_id, file, found.filename, by=by, report=report)
            bad = shorten(report)
        uploads.finish(connection, found.id, outcome=done.to_wire(), fault=None, report=bad)
        return True

    try:
        return in_transaction(engine, step)
    except (Mistake, StoreRefused) as fault:
        if not held:
            raise
        in_transaction(engine, _refuse, held[0].id, fault)
        return True


def _refuse(connection: Connection, number: int, fault: Exception) -> None:
    """Note why it was not stored; the batch fails only where it has nothing else."""
    found = uploads.claim(connection, number)
    if found is None:
        return
    uploads.finish(connection, number, outcome=None, fault=str(fault))
    log.info("upload_refused", batch_id=found.batch_id, error=type(fault).__name__)
    if isinstance(fault, FileFault):
        told = (found.batch_id, found.filename, found.received_by)
        fail_in(connection, *told, why=str(fault), spare_filled=True)
