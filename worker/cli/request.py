"""`outreach request`: one request and its history."""

import typer
from rich.console import Group, RenderableType

from worker.cli.context import AsJson, BatchId, ReferenceId, screen, session
from worker.cli.printing import add_row, facts_table, print_json, table
from worker.desk.request_details import show_details
from worker.domain.contract.results import History


def show(
    context: typer.Context, batch_id: BatchId, reference_id: ReferenceId, *, as_json: AsJson = False
) -> None:
    """Show where a request stands, everything that happened to it, and what holds it now."""
    current = session(context)
    here = current.runtime
    zone = None if as_json else str(current.zone)
    seen = show_details(here.engine, batch_id, reference_id, ceilings=here.ceilings, zone=zone)
    if as_json:
        print_json(seen.history.to_wire() | {"held_by": list(seen.held_by)})
        return
    out = screen(context)
    out.print(draw_request(seen.history))
    for gate in seen.held_by:
        out.print(f"held by {gate}")
    if seen.waits and not seen.held_by:
        out.print("nothing holds it: it is due now")


def draw_request(history: History) -> RenderableType:
    """The request's fields, and its history as a timeline."""
    facts = [(name, getattr(history.request, name)) for name in history.request.__slots__]
    timeline = table("History", "at", "attempt", "what", "why", breaks=True, by_day=True)
    for moment in history.moments:
        add_row(timeline, [moment.at, moment.attempt_number, moment.what, moment.why])
    title = f"Request {history.request.reference_id}"
    return Group(facts_table(title, [*facts, ("due_at", history.due_at)]), timeline)
