"""`outreach batch upload`: a CSV file, with a progress bar and a report of what was not stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from worker.cli.context import AsJson, BatchId, By, session
from worker.cli.fields import UnreadableFile
from worker.cli.preview import show
from worker.cli.printing import add_row, console, print_json, table, warn
from worker.desk.plan import outlook
from worker.desk.preview import batch_hints, previews
from worker.desk.uploads import Uploaded, upload_requests
from worker.domain.errors import Mistake
from worker.runtime import Runtime

NAMED = 20
"""How many refused rows a terminal shows."""
COUNTS = ("stored", "pending", "duplicate", "invalid", "skipped", "known", "replaced")


class UnwritableReport(Mistake):
    """The report of bad rows can't be written there."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"can't write {str(path)!r}: {why}")


def upload(
    context: typer.Context,
    batch_id: BatchId,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    *,
    report: Annotated[
        Path | None,
        typer.Option(metavar="BAD.csv", help="Write the bad rows there: line, column, reason."),
    ] = None,
    preview: Annotated[
        bool | None,
        typer.Option(
            help="What the first five people will be told; by default where standard output is a terminal."
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Correct rows the batch has, while nobody was tried."),
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Add a CSV file's rows to a batch: all of the file, or nothing of it."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.patient_engine
    try:
        with (
            progress_bar() as progress,
            progress.open(file, "rb", description=file.name) as opened,
            _report(report, file) as bad,
        ):
            uploaded = upload_requests(
                engine,
                batch_id,
                file=opened,
                filename=file.name,
                by=operator,
                report=bad,
                when_read=lambda: _storing(progress),
                replace=replace,
            )
    except OSError as error:
        raise UnreadableFile(file, error.strerror or "it is unreadable") from None
    if as_json:
        print_json(uploaded.to_wire())
    else:
        console().print(draw_upload(uploaded))
        if uploaded.lacking:
            console().print(_lacking(uploaded, batch_id))
        for sentence in uploaded.costs.sentences if uploaded.costs else ():
            console().print(sentence, highlight=False)
        _warn(current.runtime, batch_id)
        if console().is_terminal if preview is None else preview:
            show(previews(current.runtime.engine, batch_id, uploaded.first))


def _lacking(uploaded: Uploaded, batch_id: str) -> str:
    names = ", ".join(map(repr, uploaded.lacking))
    meant = uploaded.pending + uploaded.replaced
    return (
        f"all {meant:,} will fail: the campaign's words need {names}, and neither the "
        f"file nor the campaign has it; hold them with outreach batch pause {batch_id}"
    )


def _warn(here: Runtime, batch_id: str) -> None:
    """Warn of what does not fit, or is probably not meant, before anybody is contacted."""
    warn(batch_hints(here.engine, batch_id))
    seen = outlook(here.engine, batch_id, ceilings=here.ceilings)
    for sentence in seen.whom_never:
        console().print(sentence, highlight=False)
    if seen.finishes and seen.finishes_at is None:
        console().print(f"warning: {seen.finishes}")


@contextmanager
def _report(path: Path | None, source: Path) -> Iterator[TextIO | None]:
    """Open the file that bad rows are written to, before anything is stored."""
    if path is None:
        yield None
        return
    if path.exists() and path.samefile(source):
        raise UnwritableReport(path, "it is the file to upload")
    try:
        opened = path.open("w+", encoding="utf-8", newline="")
    except OSError as error:
        raise UnwritableReport(path, error.strerror or "it is not writable") from None
    with opened:
        yield opened


def progress_bar() -> Progress:
    """A bar on standard error, so that standard output stays clean; none where nobody looks."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not Console(stderr=True).is_terminal,
    )


def _storing(progress: Progress) -> None:
    """The database does the rest in a few statements, which can't say how far they are."""
    for task in progress.tasks:
        progress.update(task.id, visible=False)
    progress.add_task("storing", total=None)


def draw_upload(uploaded: Uploaded) -> RenderableType:
    """The counts, and the first rows that were not stored."""
    counts = table(None, *COUNTS, "refused")
    add_row(counts, [*(getattr(uploaded, name) for name in COUNTS), uploaded.refused_count])
    refused = _list_refused(uploaded)
    if not uploaded.stored and not uploaded.replaced and uploaded.known:
        return Group(counts, "Nothing has changed: the batch has these rows already.", *refused)
    return Group(counts, *refused)


def _list_refused(uploaded: Uploaded) -> list[RenderableType]:
    if not uploaded.refused:
        return []
    refused = table(f"Not stored ({uploaded.refused_count})", "line", "reason")
    for row in uploaded.refused[:NAMED]:
        add_row(refused, [row.line, row.reason])
    return [refused]
