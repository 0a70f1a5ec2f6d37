"""`outreach suppress import`: a file of whom not to contact, for once or as the edition of a list."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.context import By, session
from worker.cli.fields import UnreadableFile
from worker.cli.printing import complain, console
from worker.cli.suppress import ChannelArgument, Reason
from worker.cli.upload import progress_bar
from worker.desk.suppression_lists import Turn, lift_missing, missing_in, taking_turns
from worker.desk.suppressions import Imported, import_suppressed
from worker.domain.consent.suppression import Source, list_source
from worker.domain.contract.csv_targets import targets
from worker.domain.errors import FileFault, WrongFields
from worker.domain.statuses import Channel, SuppressReason
from worker.runtime import Runtime

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="One target a line, or CSV with a column target.")
]
ListName = Annotated[
    str | None, typer.Option("--source", metavar="NAME", help="The list that the file is of.")
]
Replace = Annotated[
    bool,
    typer.Option("--replace-source", help="Lift whom that list had and this file does not name."),
]
Lift = Annotated[
    int | None,
    typer.Option("--lift", metavar="N", min=0, help="How many; needed for more than a tenth."),
]
TOLD = 50_000
"""Lines between two words on how far it is, where no bar is drawn."""


def import_(
    context: typer.Context,
    channel: ChannelArgument,
    file: File,
    *,
    reason: Reason = SuppressReason.UNSUBSCRIBED,
    source: ListName = None,
    replace: Replace = False,
    lift: Lift = None,
    by: By = None,
) -> None:
    """Suppress everybody in a file; lines that name nobody are reported and stop nobody else's."""
    if (replace and source is None) or (lift is not None and not replace):
        raise WrongFields(["--replace-source needs --source NAME, and --lift needs both"])
    current = session(context)
    operator, here = current.operator(by), current.runtime
    named = Source.IMPORT if source is None else list_source(source)
    turn = nullcontext() if source is None else taking_turns(here.patient_engine, named)
    with turn as held:
        imported = _import(here, channel, file, reason, operator, named)
        _tell(imported)
        if replace:
            assert held is not None
            _lift(held, channel, imported, operator, lift)
    if imported.faulty:
        raise typer.Exit(1)


def _import(
    here: Runtime, channel: Channel, file: Path, reason: SuppressReason, by: str, source: str
) -> Imported:
    try:
        with progress_bar() as progress, progress.open(file, "rb", description=file.name) as opened:
            return import_suppressed(
                here.engine,
                channel,
                targets(opened),
                reason=reason,
                by=by,
                source=source,
                said=_say if progress.disable else lambda _: None,
            )
    except OSError as error:
        raise UnreadableFile(file, error.strerror or "it is unreadable") from None
    except FileFault as fault:
        raise UnreadableFile(file, str(fault)) from None


def _say(imported: Imported) -> None:
    """Say how far it is, in a line on standard error."""
    if (imported.named + imported.faulty) % TOLD == 0:
        complain(f"{imported.named:,} read, {imported.new:,} of them new")


def _tell(imported: Imported) -> None:
    for line, why in imported.faults:
        complain(f"line {line}: target {why}")
    if more := imported.faulty - len(imported.faults):
        complain(f"and {more:,} more lines that name nobody")
    console().print(f"suppressed: {imported.named}, new: {imported.new}")


def _lift(turn: Turn, channel: Channel, imported: Imported, by: str, most: int | None) -> None:
    """Say how many it will be before it is done."""
    missing = missing_in(turn, channel, imported)
    if missing.rows:
        console().print(f"missing in this file: {len(missing.rows)} of {missing.among}")
    lifted = lift_missing(turn, missing, by=by, most=most)
    console().print(f"lifted: {lifted}" if missing.rows else "missing in this file: nobody")
