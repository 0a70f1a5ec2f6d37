"""An edition of a list from a file, in one go: who is in it is suppressed, who is missing may be lifted."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO

from worker.desk.suppression_lists import (
    IncompleteEdition,
    Turn,
    UnexpectedLift,
    lift_missing,
    missing_in,
    taking_turns,
)
from worker.desk.suppressions import Imported, import_suppressed
from worker.domain.consent.suppression import Source, list_source
from worker.domain.contract.csv_targets import targets
from worker.domain.errors import WrongFields
from worker.domain.statuses import Channel, SuppressReason
from worker.domain.wire import Wire
from worker.store.connect import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The list a file is of; None: of none. `replace`: lift whom the list had and the file lacks.

    `lift`: how many that will be, which must be said for more than a tenth.
    """

    source: str | None = None
    replace: bool = False
    lift: int | None = None


@dataclass(frozen=True, slots=True)
class Imports:
    """The result. `refused`: why nobody was lifted, though that was asked for; the rest is done."""

    imported: Imported
    lifted: int | None = None
    refused: str | None = None

    def to_wire(self) -> dict[str, Wire]:
        """The counts, and the lines that name nobody, without what stands in them."""
        return self.imported.to_wire() | {"lifted": self.lifted, "not_lifted": self.refused}


def import_edition(
    engine: Engine,
    patient: Engine,
    channel: Channel,
    file: BinaryIO,
    edition: Edition,
    *,
    reason: SuppressReason,
    by: str,
) -> Imports:
    """Suppress everybody in a file: one target a line, or CSV with a column target.

    Args:
        engine: the store.
        patient: the same, without the timeouts of a worker: a list is held while its file is read.
        channel: where they are not to be contacted.
        file: the edition.
        edition: of which list.
        reason: why.
        by: who asked for it.

    Raises:
        WrongFields: what is asked of the list needs its name.
        FileFault: the file can't be read.
        ListBusy: somebody else writes the list.
    """
    if (edition.replace and edition.source is None) or (
        edition.lift is not None and not edition.replace
    ):
        raise WrongFields(["source: replace needs the name of a list, and lift needs both"])
    named = Source.IMPORT if edition.source is None else list_source(edition.source)
    turn = nullcontext() if edition.source is None else taking_turns(patient, named)
    with turn as held:
        lines = targets(file)
        imported = import_suppressed(engine, channel, lines, reason=reason, by=by, source=named)
        if held is None or not edition.replace:
            return Imports(imported)
        return _lift(held, channel, imported, by, edition.lift)


def _lift(held: Turn, channel: Channel, imported: Imported, by: str, most: int | None) -> Imports:
    try:
        missing = missing_in(held, channel, imported)
        return Imports(imported, lift_missing(held, missing, by=by, most=most))
    except (IncompleteEdition, UnexpectedLift) as refused:
        return Imports(imported, 0, str(refused))
