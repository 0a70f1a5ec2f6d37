"""`outreach attempts`: what is in doubt, and an operator's decision about it."""

from typing import Annotated

import typer

from worker.cli.context import AsJson, By, Wide, screen, session
from worker.cli.printing import add_row, console, print_json, table
from worker.desk.decide import allow_retry, count_as_sent
from worker.desk.doubts import doubts_open

app = typer.Typer(invoke_without_command=True, help="Attempts in doubt, and deciding about them.")


@app.callback()
def attempts(
    context: typer.Context,
    *,
    in_doubt: Annotated[bool, typer.Option("--in-doubt", help="Those in doubt (default).")] = True,  # noqa: ARG001  the only list so far
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List attempts whose outcome is unknown, since when, and what happens next."""
    if context.invoked_subcommand:
        return
    here = session(context).runtime
    found = doubts_open(here.engine, here.timeouts)
    if as_json:
        print_json([one.to_wire() for one in found])
        return
    listing = table(None, "attempt", "batch_id", "reference_id", "next step", "since", "channel")
    for one in found:
        doubt = one.doubt
        named = (doubt.attempt, doubt.batch_id, doubt.reference_id)
        add_row(listing, [*named, one.next_step, doubt.doubted_at, doubt.channel])
    screen(context, wide=wide).print(listing)


@app.command("count-as-sent")
def count(context: typer.Context, attempt: int, *, by: By = None) -> None:
    """Take it that the recipient was reached: the request is COMPLETED."""
    current = session(context)
    count_as_sent(current.runtime.engine, attempt, by=current.operator(by))
    console().print(f"attempt {attempt}: counted as sent")


@app.command("allow-retry")
def retry(context: typer.Context, attempt: int, *, by: By = None) -> None:
    """Accept that the recipient may be contacted twice: the request is due again."""
    current = session(context)
    allow_retry(current.runtime.engine, attempt, by=current.operator(by))
    console().print(f"attempt {attempt}: its request is due again")
