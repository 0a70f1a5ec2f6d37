"""`outreach audit`: who did what, when, through which door and why."""

from typing import Annotated

import typer

from worker.cli.batch_list import moment
from worker.cli.context import AsJson, CampaignRef, screen, session
from worker.cli.printing import add_row, complain, console, print_json, table
from worker.desk.audit import AuditAsked, list_audit_seen
from worker.desk.campaigns import campaign_diff
from worker.desk.seals import verify_audit
from worker.domain.audit import AuditEntry


def list_(
    context: typer.Context,
    *,
    batch: Annotated[str | None, typer.Option(help="Only what was done to this batch.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Only to this campaign: name or id.")] = None,
    by: Annotated[str | None, typer.Option(metavar="EMAIL", help="Only what they did.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only since then: 2026-11-01, 12h, 7d.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was done: by operators, by messages and by the system itself, newest first."""
    current = session(context)
    begins = None if since is None else moment(since, current.zone)
    asked = AuditAsked(batch=batch, campaign=campaign, by=by, since=begins, limit=limit)
    found = list_audit_seen(current.runtime.engine, None, asked)
    if as_json:
        print_json([one.to_wire() for one in found])
        return
    listing = table(None, "at", "by", "door", "what", "why")
    for one in found:
        add_row(listing, [one.at, one.by, one.door, f"{one.deed} {one.subject}", _why(one)])
    console().print(listing)


def verify(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Look for entries that were altered or removed; exits with 1 when there are any."""
    found = verify_audit(session(context).runtime.patient_engine)
    if as_json:
        print_json(found.to_wire())
    else:
        console().print(f"sealed: {found.sealed:,}, not sealed yet: {found.unsealed:,}")
        console().print(
            f"last seal: {found.head}; keep it elsewhere, and no later end can be cut off"
        )
    for fault in found.faults:
        complain(fault)
    if found.faults:
        raise typer.Exit(1)


def diff(context: typer.Context, campaign: CampaignRef, *, as_json: AsJson = False) -> None:
    """Say who changed which field of a campaign from what to what, by version, oldest first."""
    found = campaign_diff(session(context).runtime.engine, campaign)
    if as_json:
        print_json([one.to_wire() for one in found])
        return
    listing = table(None, "version", "at", "by", "field", "before", "after")
    for version, one in enumerate(found, 2):
        before, after = one.before or {}, one.after or {}
        for name in after:
            add_row(listing, [version, one.at, one.by, name, str(before[name]), str(after[name])])
    screen(context).print(listing)


def _why(one: AuditEntry) -> str:
    detail = ", ".join(f"{name}: {_show_value(value)}" for name, value in one.detail.items())
    return "; ".join(part for part in (one.why, detail) if part)


def _show_value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
