"""Second thoughts of an operator: take requests back, or give what failed one more attempt."""

from typing import Annotated

import typer

from worker.cli.printing import console, print_json
from worker.cli.session import AsJson, BatchId, By, ReferenceId, session
from worker.desk.removal import remove_requests
from worker.desk.retries import retry_requests
from worker.domain.errors import Mistake

References = Annotated[list[str], typer.Argument(metavar="REFERENCE...", help="reference_ids.")]
SomeReferences = Annotated[
    list[str] | None, typer.Argument(metavar="[REFERENCE...]", help="reference_ids.")
]


class NothingChosen(Mistake):
    """A retry of a whole batch must be meant."""

    def __init__(self) -> None:
        super().__init__("name the requests to retry, or say --failed for every one that failed")


def remove(
    context: typer.Context,
    batch_id: BatchId,
    references: References,
    *,
    as_json: AsJson = False,
    by: By = None,
) -> None:
    """Take requests back that still wait; what is under way lives on."""
    current = session(context)
    operator = current.operator(by)
    done = remove_requests(current.runtime.engine, batch_id, references, by=operator)
    _say("removed", done, len(references), as_json=as_json)


def retry(
    context: typer.Context,
    batch_id: BatchId,
    references: SomeReferences = None,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Every request that FAILED.")] = False,
    as_json: AsJson = False,
    by: By = None,
) -> None:
    """Give requests that FAILED one more attempt each."""
    if failed is bool(references):
        raise NothingChosen
    current = session(context)
    operator = current.operator(by)
    done = retry_requests(current.runtime.engine, batch_id, references or None, by=operator)
    _say("queued again", done, len(references or ()), as_json=as_json)


def retry_one(
    context: typer.Context,
    batch_id: BatchId,
    reference_id: ReferenceId,
    *,
    as_json: AsJson = False,
    by: By = None,
) -> None:
    """Give a request that FAILED one more attempt."""
    retry(context, batch_id, [reference_id], failed=False, as_json=as_json, by=by)


def _say(what: str, done: int, asked: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"asked": asked or done, "done": done})
    else:
        console().print(f"{what}: {done}" + (f" of {asked}" if asked else ""))
