"""`outreach find`: a batch, requests or a person, by whatever somebody types."""

from collections.abc import Sequence
from typing import Annotated

import typer

from worker.cli.context import AsJson, Wide, screen, session
from worker.cli.printing import add_row, print_json, table
from worker.cli.screen import Screen
from worker.desk.find import find
from worker.desk.people import AskedFor

COLUMNS = (
    *("batch_id", "reference_id", "request_status", "channel_manager_status", "attempt_count"),
    *("created_at", "sent_at", "campaign_name", "channel"),
)


def find_command(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A number or mailbox as you would write it, a batch or a reference.",
        ),
    ],
    *,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Find a person, a batch or a reference over all campaigns, and what was done."""
    found = find(session(context).runtime.engine, what)
    if as_json:
        print_json(found.to_wire())
        return
    out = screen(context, wide=wide)
    if found.batch_id is not None:
        out.print(f"a batch: outreach batch show {found.batch_id}")
    for one in found.people:
        told = f"suppressed: {one.suppress_reason}" if one.suppressed_at else "may be contacted"
        out.print(f"a person on {one.channel}: {told}")
    _list(out, "Requests with this reference", found.named)
    _list(out, "Requests to them", found.requests)
    if found.batch_id is None and not (found.people or found.named):
        out.print("nobody by that name was ever in a batch")


def _list(out: Screen, title: str, requests: Sequence[AskedFor]) -> None:
    if not requests:
        return
    listing = table(title, *COLUMNS)
    for one in requests:
        add_row(listing, [getattr(one, name) for name in COLUMNS])
    out.print(listing)
