"""`outreach batch archive`: finished batches to files."""

from datetime import timedelta
from pathlib import Path
from re import fullmatch
from typing import Annotated

import typer

from worker.cli.context import AsJson, By, session
from worker.cli.printing import console, print_json
from worker.desk.archive import NOBODY, archive_batches
from worker.domain.errors import WrongFields


def archive(
    context: typer.Context,
    *,
    older_than: Annotated[
        str, typer.Option(metavar="DAYS", help="Finished so long ago, like 90d.")
    ],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the results are kept.")],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write finished batches to files and take them out of the database; their counts stay."""
    current = session(context)
    named = by or current.settings.operator_email
    operator = current.operator(by) if named else NOBODY
    engine = current.runtime.patient_engine
    archived = 0
    for archived, one in enumerate(  # noqa: B007  the last number is how many there were
        archive_batches(engine, older_than=_age(older_than), folder=to, by=operator), start=1
    ):
        if as_json:
            print_json({"batch_id": one.batch_id, "requests": one.requests, "file": str(one.file)})
        else:
            console().print(f"batch {one.batch_id}: {one.requests} requests → {one.file}")
    if not archived and not as_json:
        console().print(f"nothing to archive: no batch finished {older_than} ago or earlier")


def _age(text: str) -> timedelta:
    if not fullmatch(r"[1-9][0-9]{0,4}d", text):
        raise WrongFields(["--older-than: must be a number of days, like 90d"])
    return timedelta(days=int(text[:-1]))
