"""Somebody sees whom a request is to, or takes a list of people away: it is written down first."""

from worker.desk.batches import get_batch, note
from worker.domain.audit import Deed
from worker.store import audit
from worker.store.connect import Connection, Engine, in_transaction


def note_export(engine: Engine, batch_id: str, *, by: str) -> None:
    """Write down that the results of a batch are taken as a file.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> None:
        get_batch(connection, batch_id)
        note(connection, Deed.EXPORT, batch_id, by)

    in_transaction(engine, step)


def note_reveal(engine: Engine, subject: str, *, by: str, why: str | None = None) -> None:
    """Write down that somebody sees a target or variables of this subject, like `request 7`."""
    in_transaction(engine, audit.note, Deed.REVEAL, subject, by, why=why)
