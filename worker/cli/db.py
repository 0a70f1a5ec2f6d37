"""`outreach db`: the shape of the database."""

import typer

from worker.cli.context import session
from worker.cli.printing import console
from worker.desk.database import examine_database, upgrade_database


def upgrade(context: typer.Context) -> None:
    """Apply every migration that is missing."""
    settings = session(context).settings
    upgrade_database(settings.database_url, settings.profile)
    status(context)


def status(context: typer.Context) -> None:
    """Say which migrations the database has; exits with 1 when some are missing."""
    findings = examine_database(session(context).runtime.engine)
    shape = next(finding for finding in findings if finding.what == "migrations")
    console().print(f"{shape.what}: {shape.found}")
    if not shape.well:
        console().print(shape.advice)
        raise typer.Exit(1)
