"""Files that were taken in: kept in parts until their rows are in the batch, whoever reads them."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, text, update

from worker.domain.contract.uploads import UploadTold
from worker.domain.wire import Wire
from worker.store.schema import upload, upload_part


@dataclass(frozen=True, slots=True)
class WaitingUpload:
    """A file that waits, held by our transaction."""

    id: int
    batch_id: str
    filename: str
    received_by: str


def is_known(connection: Connection, batch: int, digest: str) -> bool:
    """Return whether the batch has this very file already, read without a fault or still waiting."""
    same = (upload.c.batch == batch, upload.c.digest == digest, upload.c.fault.is_(None))
    return connection.execute(select(upload.c.id).where(*same)).first() is not None


def bytes_waiting(connection: Connection) -> int:
    """Count the bytes that wait in all."""
    waiting = select(func.coalesce(func.sum(upload.c.size), 0)).where(
        upload.c.finished_at.is_(None)
    )
    return int(connection.scalar(waiting) or 0)


def keep(
    connection: Connection,
    batch: int,
    *,
    filename: str,
    digest: str,
    size: int,
    by: str,
    parts: Iterator[bytes],
) -> None:
    """Keep a file."""
    row = {"batch": batch, "filename": filename, "digest": digest, "size": size, "received_by": by}
    number = connection.scalar(insert(upload).values(row).returning(upload.c.id))
    for place, content in enumerate(parts):
        values = {"upload": number, "place": place, "content": content}
        connection.execute(insert(upload_part).values(values))


# In the order in which they came to a batch: the first one says what a reference is.
_CLAIM = text("""
    SELECT u.id, b.batch_id, u.filename, u.received_by
    FROM upload AS u JOIN communication_batch AS b ON b.id = u.batch
    WHERE u.finished_at IS NULL AND (CAST(:id AS bigint) IS NULL OR u.id = :id) AND NOT EXISTS (
        SELECT FROM upload AS o WHERE o.batch = u.batch AND o.id < u.id AND o.finished_at IS NULL
    )
    ORDER BY u.id LIMIT 1 FOR NO KEY UPDATE OF u SKIP LOCKED
""")


def claim(connection: Connection, number: int | None = None) -> WaitingUpload | None:
    """A file that waits and that nobody else reads now; held until our transaction ends."""
    row = connection.execute(_CLAIM, {"id": number}).first()
    return WaitingUpload(*row) if row else None


def parts_of(connection: Connection, number: int) -> Iterator[bytes]:
    """Its bytes, a part at a time."""
    places = select(func.count()).where(upload_part.c.upload == number)
    for place in range(int(connection.scalar(places) or 0)):
        chosen = (upload_part.c.upload == number, upload_part.c.place == place)
        content = connection.scalar(select(upload_part.c.content).where(*chosen))
        assert isinstance(content, bytes)
        yield content


def finish(
    connection: Connection,
    number: int,
    *,
    outcome: dict[str, Wire] | None,
    fault: str | None,
    report: str | None = None,
) -> None:
    """Write down what became of it, and let its bytes go."""
    connection.execute(delete(upload_part).where(upload_part.c.upload == number))
    told = {"finished_at": func.clock_timestamp(), "outcome": outcome, "fault": fault}
    told |= {"report": report}
    connection.execute(update(upload).where(upload.c.id == number).values(told))


def note_read(
    connection: Connection,
    batch: int,
    *,
    filename: str,
    digest: str,
    size: int,
    by: str,
    outcome: dict[str, Wire],
    report: str | None,
) -> None:
    """Write down a file that was read at once."""
    row = {"batch": batch, "filename": filename, "digest": digest, "size": size, "received_by": by}
    told = {"finished_at": func.clock_timestamp(), "outcome": outcome, "report": report}
    connection.execute(insert(upload).values(row | told))


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file of a batch as a page shows it. `bad`: there is a report of its bad rows."""

    id: int
    told: UploadTold
    bad: bool


def files_of(connection: Connection, batch: int, limit: int) -> list[FileShown]:
    """The latest files of a batch, the newest first."""
    columns = [upload.c[name] for name in UploadTold.__slots__]
    chosen = select(upload.c.id, upload.c.report.is_not(None), *columns)
    rows = connection.execute(
        chosen.where(upload.c.batch == batch).order_by(upload.c.id.desc()).limit(limit)
    )
    return [FileShown(number, UploadTold(*told), bad) for number, bad, *told in map(tuple, rows)]


def report_of(connection: Connection, number: int) -> str | None:
    """The report of a file's bad rows; None: it has none, or there is no such file."""
    found: str | None = connection.scalar(select(upload.c.report).where(upload.c.id == number))
    return found


def latest(connection: Connection, batch: int, limit: int) -> list[UploadTold]:
    """The latest files of a batch, the newest first."""
    columns = (upload.c[name] for name in UploadTold.__slots__)
    rows = connection.execute(
        select(*columns).where(upload.c.batch == batch).order_by(upload.c.id.desc()).limit(limit)
    )
    return [UploadTold(*row) for row in rows]
