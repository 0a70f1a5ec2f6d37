"""`outreach audit`: who did what, when, through which door and why."""

from typing import Annotated

import typer

from worker.cli.context import AsJson, session
from worker.cli.printing import add_row, console, print_json, table
from worker.desk.audit import list_audit
from worker.domain.audit import AuditEntry


def list_(
    context: typer.Context,
    *,
    batch: Annotated[str | None, typer.Option(help="Only what was done to this batch.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Only to this campaign: name or id.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was done: by operators, by messages and by the system itself, newest first."""
    engine = session(context).runtime.engine
    found = list_audit(engine, batch=batch, campaign=campaign, limit=limit)
    if as_json:
        print_json([one.to_wire() for one in found])
        return
    listing = table(None, "at", "by", "door", "what", "why")
    for one in found:
        add_row(listing, [one.at, one.by, one.door, f"{one.deed} {one.subject}", _why(one)])
    console().print(listing)


def _why(one: AuditEntry) -> str:
    detail = ", ".join(f"{name}: {_show_value(value)}" for name, value in one.detail.items())
    return "; ".join(part for part in (one.why, detail) if part)


def _show_value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
