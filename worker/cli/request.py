"""`outreach request`: one request and its history."""

import typer
from rich.console import Group, RenderableType

from worker.cli.context import AsJson, BatchId, ReferenceId, screen, session
from worker.cli.printing import add_row, facts_table, print_json, table
from worker.desk.requests import show_request
from worker.domain.contract.results import History


def show(
    context: typer.Context, batch_id: BatchId, reference_id: ReferenceId, *, as_json: AsJson = False
) -> None:
    """Show where a request stands and everything that happened to it."""
    history = show_request(session(context).runtime.engine, batch_id, reference_id)
    if as_json:
        print_json(history.to_wire())
    else:
        screen(context).print(draw_request(history))


def draw_request(history: History) -> RenderableType:
    """The request's fields, and its history as a timeline."""
    facts = [(name, getattr(history.request, name)) for name in history.request.__slots__]
    timeline = table("History", "at", "attempt", "what", "why", breaks=True, by_day=True)
    for moment in history.moments:
        add_row(timeline, [moment.at, moment.attempt_number, moment.what, moment.why])
    title = f"Request {history.request.reference_id}"
    return Group(facts_table(title, [*facts, ("due_at", history.due_at)]), timeline)
