"""`outreach batch upload`: a CSV file, with a progress bar and a report of what was not stored."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from worker.cli.fields import UnreadableFile
from worker.cli.printing import add_row, console, print_json, table
from worker.cli.session import AsJson, BatchId, By, session
from worker.desk.uploads import Uploaded, upload_requests

NAMED = 20
"""How many refused rows a terminal shows."""
COUNTS = ("stored", "pending", "duplicate", "invalid", "skipped", "known")


def upload(
    context: typer.Context,
    batch_id: BatchId,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    *,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Add a CSV file's rows to a batch: all of the file, or nothing of it."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.patient_engine
    try:
        with _progress() as progress, progress.open(file, "rb", description=file.name) as opened:
            uploaded = upload_requests(
                engine, batch_id, file=opened, filename=file.name, by=operator
            )
    except OSError as error:
        raise UnreadableFile(file, error.strerror or "it is unreadable") from None
    if as_json:
        print_json(uploaded.to_wire())
    else:
        console().print(pictured(uploaded))


def _progress() -> Progress:
    """A bar on standard error, so that standard output stays clean; none where nobody looks."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not Console(stderr=True).is_terminal,
    )


def pictured(uploaded: Uploaded) -> RenderableType:
    """The counts, and the first rows that were not stored."""
    counts = table(None, *COUNTS, "refused")
    add_row(counts, [*(getattr(uploaded, name) for name in COUNTS), uploaded.refused_count])
    if not uploaded.refused:
        return counts
    refused = table(f"Not stored ({uploaded.refused_count})", "line", "reason")
    for row in uploaded.refused[:NAMED]:
        add_row(refused, [row.line, row.reason])
    return Group(counts, refused)
