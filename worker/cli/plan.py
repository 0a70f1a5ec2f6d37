"""`outreach batch plan`: the schedule on paper, before anything is sent."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.printing import console
from worker.cli.session import BatchId, session
from worker.desk.plan import Outlook, outlook
from worker.domain.csv_rows import Row, rows
from worker.domain.errors import Mistake
from worker.domain.plan import chart


def plan(
    context: typer.Context,
    batch_id: BatchId,
    *,
    file: Annotated[
        Path | None, typer.Option(help="Plan as if this file were uploaded, and nothing else.")
    ] = None,
) -> None:
    """Show the attempts a batch will make, hour by hour, without making any."""
    requests = None if file is None else _count(file)
    say(outlook(session(context).runtime.engine, batch_id, requests=requests))


def _count(file: Path) -> int:
    try:
        with file.open("rb") as lines:
            return sum(isinstance(row, Row) for row in rows(lines))
    except OSError as error:
        raise Mistake(f"can't read {str(file)!r}: {type(error).__name__}") from None


def say(found: Outlook) -> None:
    """The chart, and how it ends."""
    for line in chart(found.plan):
        console().print(line, highlight=False)
    if found.not_moving:
        console().print(f"not moving now: {found.not_moving}")
    console().print(f"finishes: {found.finishes or 'nothing is waiting'}")
