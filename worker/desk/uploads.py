"""An operator's CSV becomes requests of a batch: all of the file, or nothing of it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from worker.desk.bad_rows import BadRows
from worker.desk.batches import note
from worker.desk.intake import judge_row, lock_open_batch, look_again
from worker.domain.audit import Deed
from worker.domain.content.needed_variables import find_needed
from worker.domain.content.text_costs import TextCosts, costs_of
from worker.domain.contract.csv_rows import BadRow, Row, rows
from worker.domain.errors import FileFault
from worker.domain.statuses import RequestStatus
from worker.domain.wire import Wire, to_wire
from worker.store import batch_words, batches, ingest
from worker.store.batch_words import Words
from worker.store.batches import Intake
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.ingest import REPORTED, Arrival, Ingested

SHOWN = 5
"""How many of the first requests an upload shows."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Counts of a file's rows by their result.

    `known` rows were stored by an earlier upload, `replaced` ones took the place of other rows; `refused`
    names the first of the rows that are not stored, by line; `first` are the references of the first that
    somebody can be reached by; `lacking` are variables that the campaign's words need and no row has: all
    of them will fail.
    """

    stored: int
    pending: int
    duplicate: int
    invalid: int
    skipped: int
    known: int
    refused_count: int
    refused: tuple[BadRow, ...]
    first: tuple[str, ...] = field(default=(), compare=False)
    lacking: tuple[str, ...] = ()
    replaced: int = 0
    costs: TextCosts | None = field(default=None, compare=False)
    """Of a file of texts: what they are charged as."""

    def to_wire(self) -> dict[str, Wire]:
        """The counts, and the refused rows that are named."""
        refused: list[Wire] = [{"line": row.line, "reason": row.reason} for row in self.refused]
        counts = {
            name: to_wire(getattr(self, name))
            for name in self.__slots__
            if name not in {"refused", "first", "lacking", "costs"}
        }
        lacking: dict[str, Wire] = {"lacking": list(self.lacking)} if self.lacking else {}
        costs: dict[str, Wire] = {"segments": self.costs.to_wire()} if self.costs else {}
        return counts | {"refused": refused} | lacking | costs


def upload_requests(
    engine: Engine,
    batch_id: str,
    *,
    file: BinaryIO,
    filename: str,
    by: str,
    report: TextIO | None = None,
    when_read: Callable[[], None] = lambda: None,
    replace: bool = False,
) -> Uploaded:
    """Store a CSV file's rows as requests of a batch, in one transaction.

    With `replace` a row takes the place of another under its reference, as long as nobody was tried.

    The engine must be a patient one, the file and the report ones that can be rewound. The report is
    CSV of line, column and reason: of every row that is not stored, and of every invalid target.
    `when_read` is called when the last row has been read and the database begins to store them.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be added; nothing is
            changed.
        FileFault: the file can't be a batch at all; the batch says so and is FAILED.
    """

    def step(connection: Connection) -> Uploaded:
        file.seek(0)
        bad.start()
        return _store(connection, batch_id, upload)

    with closing(BadRows(report)) as bad:
        upload = _Upload(file, filename, by, bad, when_read, replace)
        try:
            uploaded = in_transaction(engine, step)
        except FileFault as fault:
            why = str(fault)
            in_transaction(engine, fail_in, batch_id, filename, by, why=why)
            bad.start()
            bad.finish([BadRow(fault.line or 0, why)])
            raise
    if replace:
        in_transaction(engine, _note, batch_id, upload, uploaded)
    return uploaded


def store_in(
    connection: Connection,
    batch_id: str,
    file: BinaryIO,
    filename: str,
    *,
    by: str,
    report: TextIO | None = None,
) -> Uploaded:
    """Store a file's rows in a transaction of the caller's, which may take minutes.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be added.
        FileFault: the file can't be a batch at all; the transaction must not be kept.
    """
    with closing(BadRows(report)) as bad:
        upload = _Upload(file, filename, by, bad, lambda: None, replace=False)
        return _store(connection, batch_id, upload)


def fail_in(
    connection: Connection,
    batch_id: str,
    filename: str,
    by: str,
    *,
    why: str,
    spare_filled: bool = False,
) -> None:
    """Note that nothing of a file was stored: the batch is FAILED.

    With `spare_filled` it is not where somebody in it can be reached: then only this file failed.
    """
    batches.note_failed_upload(
        connection, batch_id, filename, by, why=why, spare_filled=spare_filled
    )
    note(connection, Deed.ADD, batch_id, by, why=f"nothing was stored: {why}")


@dataclass(frozen=True, slots=True)
class _Upload:
    """One upload: its file, who sends it, where bad rows go, and whom to tell that it has been read."""

    file: BinaryIO
    filename: str
    by: str
    bad: BadRows
    when_read: Callable[[], None]
    replace: bool


def _store(connection: Connection, batch_id: str, upload: _Upload) -> Uploaded:
    intake = lock_open_batch(connection, batch_id)
    refused = _Refusals(upload.bad)
    said = batch_words.words_of(connection, intake.facts.id)
    noticed = _Noticed(said, costs_of(said.template))
    arrivals = noticed.among(_arrivals(upload, intake, refused))
    ingested = ingest.add(
        connection, intake.facts.id, intake.channel, arrivals, replace=upload.replace
    )
    uploaded = _sum_up(ingested, refused, noticed)
    upload.bad.finish(ingest.refusals(connection))
    look_again(connection, intake)
    if uploaded.stored or uploaded.replaced:
        deed = Deed.REPLACE if uploaded.replaced else Deed.ADD
        told = {"stored": uploaded.stored, "replaced": uploaded.replaced}
        note(connection, deed, batch_id, upload.by, detail=told)
    # Last of all, for begin and pause need the batch's row; and once a replacement holds recipients, who
    # holds that row may wait for it: then after the commit.
    if not upload.replace:
        _note(connection, batch_id, upload, uploaded)
    return uploaded


def _note(connection: Connection, batch_id: str, upload: _Upload, uploaded: Uploaded) -> None:
    facts, changed = batches.find(connection, batch_id), uploaded.stored or uploaded.replaced
    if facts and (changed or facts.error_message):
        batches.note_upload(connection, facts.id, upload.filename, upload.by)
    if facts and facts.error_message and not changed:
        told = {"stored": 0, "replaced": 0}
        note(connection, Deed.ADD, batch_id, upload.by, why="no failure any more", detail=told)


class _Refusals:
    """Rows that were refused before they reached the store."""

    def __init__(self, bad: BadRows) -> None:
        self.count = 0
        self.named: list[BadRow] = []
        self.bad = bad

    def add(self, row: BadRow) -> None:
        self.count += 1
        self.bad.note(row)
        if len(self.named) < REPORTED:
            self.named.append(row)


def _arrivals(upload: _Upload, intake: Intake, refused: _Refusals) -> Iterator[Arrival]:
    for row in rows(upload.file):
        match row:
            case BadRow():
                refused.add(row)
            case Row():
                judged = judge_row(
                    intake, row.line, row.reference_id, row.target, row.request_variables
                )
                if judged.fault is not None:
                    refused.bad.note(BadRow(row.line, judged.fault))
                yield judged
    upload.when_read()


@dataclass(slots=True)
class _Noticed:
    """Notes on the first rows: who they are, what the words need and no row has, what they cost."""

    said: Words
    costs: TextCosts | None
    first: list[str] = field(default_factory=list)
    lacking: tuple[str, ...] = ()

    def among(self, arrivals: Iterator[Arrival]) -> Iterator[Arrival]:
        """The same arrivals, noticed as they pass."""
        while self._looks and (one := next(arrivals, None)) is not None:
            if one.address is not None and one.filtered is None:
                self._note(one, {**self.said.variables, **one.request_variables})
            yield one
        yield from arrivals

    @property
    def _looks(self) -> bool:
        return len(self.first) < SHOWN or (self.costs is not None and not self.costs.full)

    def _note(self, one: Arrival, variables: dict[str, str]) -> None:
        if not self.first:
            self.lacking = tuple(find_needed(self.said.template, variables))
        if len(self.first) < SHOWN:
            self.first.append(one.reference_id)
        if self.costs is not None:
            self.costs.count(self.said.template, variables)


def _sum_up(ingested: Ingested, refused: _Refusals, noticed: _Noticed) -> Uploaded:
    named = sorted([*ingested.refused, *refused.named], key=lambda row: row.line)
    n = ingested.by_status
    return Uploaded(
        stored=sum(n.values()),
        pending=n.get(RequestStatus.PENDING, 0),
        duplicate=n.get(RequestStatus.DUPLICATE, 0),
        invalid=n.get(RequestStatus.INVALID, 0),
        skipped=n.get(RequestStatus.SKIPPED, 0),
        known=ingested.known,
        refused_count=ingested.refused_count + refused.count,
        refused=tuple(named[:REPORTED]),
        first=tuple(noticed.first),
        lacking=noticed.lacking,
        replaced=ingested.replaced,
        costs=noticed.costs,
    )
