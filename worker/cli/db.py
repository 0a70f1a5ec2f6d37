"""`outreach db`: the shape of the database."""

import typer

from worker.cli.context import AsJson, session
from worker.cli.printing import console, print_json
from worker.desk.database import examine_database, upgrade_database


def upgrade(context: typer.Context) -> None:
    """Apply every migration that is missing."""
    settings = session(context).settings
    upgrade_database(settings.database_url, settings.profile)
    status(context)


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Say which migrations the database has; exits with 1 when some are missing."""
    findings = examine_database(session(context).runtime.engine)
    shape = next(finding for finding in findings if finding.what == "migrations")
    if as_json:
        print_json({"well": shape.well, "found": shape.found, "advice": shape.advice})
    else:
        console().print(f"{shape.what}: {shape.found}")
    if not shape.well:
        if not as_json:
            console().print(shape.advice)
        raise typer.Exit(1)
