"""`outreach preview`: what one person will be told, on the operator's terminal and nowhere else."""

from collections.abc import Iterable

import typer

from worker.cli.context import AsJson, BatchId, ReferenceId, session
from worker.cli.printing import console, facts_table, print_json
from worker.desk.preview import Preview
from worker.desk.preview import preview as preview_one


def preview(
    context: typer.Context, batch_id: BatchId, reference_id: ReferenceId, *, as_json: AsJson = False
) -> None:
    """Show what the person behind a request will be told; nothing is sent."""
    seen = preview_one(session(context).runtime.engine, batch_id, reference_id)
    if as_json:
        print_json(seen.to_wire())
    else:
        show([seen])


def show(previews: Iterable[Preview]) -> None:
    """Each with its reference and target above its words."""
    for one in previews:
        facts = [
            ("to", one.target),
            *one.fields.items(),
            ("charged as", one.cost),
            ("can't be rendered", one.fault),
        ]
        console().print(facts_table(f"{one.reference_id} will be told", facts))
