"""Finished batches are written to files and leave the tables, so that these stay small."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson

from worker.desk.batches import found, show_batch
from worker.desk.results import results
from worker.domain.errors import Mistake
from worker.store import archives
from worker.store.connect import Connection, Engine, in_transaction

AT_ONCE = 5_000
BATCHES = 100


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


def archive_batches(engine: Engine, *, older_than: timedelta, folder: Path) -> Iterator[Archived]:
    """Archive every batch that finished longer ago than that, one after the other.

    1. Write its results to `<folder>/<batch_id>.jsonl.gz`, whole or not at all.
    2. Mark it: nothing can be added to it any more, its counts stay.
    3. Delete its requests with their attempts and history, some thousand at a time.

    A crash in between is made good by the next run. Recipients stay, and who is suppressed with them.

    Raises:
        TooYoung: whom a campaign may contact still depends on batches of that age.
    """
    longest = in_transaction(engine, archives.longest_cap)
    if older_than <= longest:
        raise TooYoung(longest.days)
    while ripe := in_transaction(engine, lambda c: archives.ripe(c, older_than, BATCHES)):
        for batch_id in ripe:
            yield _archive(engine, batch_id, older_than, folder)


def _archive(engine: Engine, batch_id: str, age: timedelta, folder: Path) -> Archived:
    file = folder / f"{batch_id}.jsonl.gz"
    if show_batch(engine, batch_id).facts.archived_at is None:
        _write(engine, batch_id, file)
        in_transaction(engine, lambda c: _mark(c, batch_id, age))
    dropped = 0
    while n := in_transaction(engine, lambda c: archives.drop_some(c, batch_id, AT_ONCE)):
        dropped += n
    return Archived(batch_id, dropped, file)


def _mark(connection: Connection, batch_id: str, age: timedelta) -> None:
    found(connection, batch_id, lock=True)
    archives.mark(connection, batch_id, age)


def _write(engine: Engine, batch_id: str, file: Path) -> None:
    """All of it or nothing: the file has its name only once it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".part")
    with gzip.open(half, "wb") as sink:
        for one in results(engine, batch_id):
            sink.write(orjson.dumps(one.to_wire()) + b"\n")
    half.rename(file)
