"""Named lists of whom not to contact: an edition that is whole lifts what the one before had and it lacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from worker.desk.suppressions import Imported
from worker.domain.audit import Deed
from worker.domain.consent.suppression import list_name
from worker.domain.errors import Mistake
from worker.domain.statuses import Channel
from worker.store import audit, suppression_lists
from worker.store.connect import Connection, Engine, translate_errors
from worker.store.suppression_lists import Missing

__all__ = [
    "IncompleteEdition",
    "ListBusy",
    "Missing",
    "Turn",
    "UnexpectedLift",
    "lift_missing",
    "missing_in",
    "taking_turns",
]

MOST = 0.1
"""The share of a list that is lifted without being named by its number."""


class ListBusy(Mistake):
    """Somebody else writes this list."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being imported already; try again when that has ended")


class IncompleteEdition(Mistake):
    """An edition with lines that name nobody: it can't be said whom it leaves out."""

    def __init__(self, faulty: int) -> None:
        super().__init__(
            f"nothing is lifted: {faulty:,} lines name nobody; correct them and import again"
        )


class UnexpectedLift(Mistake):
    """So many would be lifted that somebody has to mean it."""

    def __init__(self, missing: Missing) -> None:
        count = len(missing.rows)
        super().__init__(
            f"nothing is lifted: it would be {count:,} of {missing.among:,};"
            f" if that is meant, import again with --lift {count}"
            if count
            else "nothing is lifted: this edition names everybody whom the list had"
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """A list that nobody else writes for as long as this transaction is open."""

    connection: Connection
    source: str


@contextmanager
def taking_turns(patient: Engine, source: str) -> Iterator[Turn]:
    """Have a list for oneself while its rows are stored, by transactions of their own, and then lifted.

    Where this connection is lost meanwhile, somebody else may have had the list: then nothing is lifted.

    Args:
        patient: the store, without the timeouts of a worker: the turn lasts as long as its file.
        source: the list.

    Raises:
        ListBusy: it is written by somebody else.
    """
    with translate_errors(), patient.begin() as connection:
        if not suppression_lists.try_turn(connection, source):
            raise ListBusy(list_name(source))
        yield Turn(connection, source)


def missing_in(turn: Turn, channel: Channel, imported: Imported) -> Missing:
    """Return what the list has on a channel and the edition that was just imported lacks.

    Raises:
        IncompleteEdition: not all of its lines were read.
    """
    if imported.faulty:
        raise IncompleteEdition(imported.faulty)
    return suppression_lists.missing(turn.connection, turn.source, channel, imported.rows)


def lift_missing(turn: Turn, missing: Missing, *, by: str, most: int | None = None) -> int:
    """Lift what is missing, in one statement; what other sources say of the same people stands.

    Args:
        turn: that of the import.
        missing: what `missing_in` found.
        by: who asked for it.
        most: the number that somebody expects, which is needed for more than a tenth of the list.

    Returns:
        how many were lifted.

    Raises:
        UnexpectedLift: it is more than a tenth, or another number than was named.
    """
    count = len(missing.rows)
    if count != most and (most is not None or count > MOST * missing.among):
        raise UnexpectedLift(missing)
    if not count:
        return 0
    why = f"missing in the newest edition of {list_name(turn.source)}"
    lifted = suppression_lists.lift(turn.connection, missing.rows, by=by, why=why)
    subject = f"list {list_name(turn.source)}"
    audit.note(turn.connection, Deed.LIFT, subject, by, why=why, detail={"lifted": lifted})
    return lifted
