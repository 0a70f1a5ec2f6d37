"""Finished batches are written to files and leave the tables, so that these stay small."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson
import structlog

from worker.desk.batches import get_batch, note, show_batch
from worker.desk.results import results
from worker.domain.audit import Deed
from worker.domain.contract.batches import BatchDetails
from worker.domain.errors import Mistake
from worker.store import archives, batches, ingest
from worker.store.connect import Connection, Engine, in_transaction

log = structlog.get_logger()

AT_ONCE = 5_000
BATCHES = 100
NOBODY = "outreach"
"""Who archives where nobody is named: a timer, every night."""


class TooYoung(Mistake):
    """A campaign's frequency cap still counts what would be archived."""

    def __init__(self, days: int) -> None:
        super().__init__(
            f"--older-than must be more than {days}d: a frequency cap looks back so far"
        )


@dataclass(frozen=True, slots=True)
class Archived:
    """One batch that was archived: how many requests, and the file that keeps their results."""

    batch_id: str
    requests: int
    file: Path


def archive_batches(
    engine: Engine, *, older_than: timedelta, folder: Path, by: str = NOBODY
) -> Iterator[Archived]:
    """Archive every batch that finished longer ago than that, one after the other.

    1. Write its results to `<folder>/<batch_id>.jsonl.gz`, whole or not at all.
    2. Mark it: nothing can be added to it any more, its counts stay.
    3. Delete its requests with their attempts and history, some thousand at a time.

    A crash in between is made good by the next run. One that is added to meanwhile, or that something
    came back to, is left for another run. Recipients stay, and who is suppressed with them.

    Raises:
        TooYoung: whom a campaign may contact still depends on batches of that age.
    """
    longest = in_transaction(engine, archives.longest_cap)
    if older_than <= longest:
        raise TooYoung(longest.days)
    left: set[str] = set()
    while ripe := in_transaction(engine, archives.ripe, older_than, BATCHES, passed_over=left):
        for batch_id in ripe:
            if done := _archive(engine, batch_id, folder, by):
                yield done
            else:
                left.add(batch_id)


def _archive(engine: Engine, batch_id: str, folder: Path, by: str) -> Archived | None:
    file = folder / f"{batch_id}.jsonl.gz"
    if not _is_kept(engine, batch_id, file, by):
        return None
    dropped = 0
    while n := in_transaction(engine, archives.drop_some, batch_id, AT_ONCE):
        dropped += n
    return Archived(batch_id, dropped, file)


def _is_kept(engine: Engine, batch_id: str, file: Path, by: str) -> bool:
    """Return whether all that the batch has is in the file, and nothing can be added any more.

    The turn of those that add is held meanwhile, or the batch is passed by: an upload may last for as long
    as its file is read, and two archives must not write the same file.
    """

    def step(connection: Connection) -> bool:
        batch = get_batch(connection, batch_id).id
        return ingest.try_turn(connection, batch) and _keep(engine, connection, batch_id, file, by)

    kept = in_transaction(engine, step)
    if not kept:
        log.info("batch_left_unarchived", batch_id=batch_id)
    return kept


def _keep(engine: Engine, connection: Connection, batch_id: str, file: Path, by: str) -> bool:
    before = show_batch(engine, batch_id)
    if before.facts.archived_at is not None:
        return True
    _write(engine, batch_id, file)
    if _is_marked(connection, before, by):
        return True
    file.unlink()
    return False


def _is_marked(connection: Connection, written: BatchDetails, by: str) -> bool:
    """Close the batch, unless something of it has moved since its results were written."""
    batch = get_batch(connection, written.facts.batch_id, lock=True)
    same = batches.counts(connection, [batch.id]).get(batch.id, ()) == written.counts
    finished_at = written.facts.finished_at
    if not same or finished_at is None or not archives.mark(connection, batch.id, finished_at):
        return False
    note(connection, Deed.ARCHIVE, batch.batch_id, by)
    return True


def _write(engine: Engine, batch_id: str, file: Path) -> None:
    """All of it or nothing: the file has its name only once it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".part")
    with gzip.open(half, "wb") as sink:
        for one in results(engine, batch_id):
            sink.write(orjson.dumps(one.to_wire()) + b"\n")
    half.rename(file)
