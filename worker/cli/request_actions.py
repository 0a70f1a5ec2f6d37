"""Second thoughts of an operator: take requests back, or give what failed one more attempt."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer

from worker.cli.context import AsJson, BatchId, By, ReferenceId, session
from worker.cli.printing import console, print_json
from worker.desk.request_actions import remove_requests
from worker.desk.requests import statuses_of
from worker.desk.retries import Retried, retry_requests
from worker.domain.errors import Mistake
from worker.domain.statuses import RequestStatus
from worker.domain.wire import Wire

NAMED = 20
"""How many requests a sentence names."""
References = Annotated[list[str], typer.Argument(metavar="REFERENCE...", help="reference_ids.")]
SomeReferences = Annotated[
    list[str] | None, typer.Argument(metavar="[REFERENCE...]", help="reference_ids.")
]


IncludingDoubt = Annotated[
    bool,
    typer.Option(
        "--including-doubt", help="Also whom an earlier attempt may have reached; remembered."
    ),
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
    engine = current.runtime.patient_engine
    before = statuses_of(engine, batch_id, references)
    done = remove_requests(engine, batch_id, references, by=operator)
    if as_json:
        print_json({"asked": len(references), "done": done})
    else:
        console().print(f"removed: {done} of {len(references)}")
        _say_why_not(references, before, RequestStatus.PENDING, "removed")


def retry(
    context: typer.Context,
    batch_id: BatchId,
    references: SomeReferences = None,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Every request that FAILED.")] = False,
    including_doubt: IncludingDoubt = False,
    as_json: AsJson = False,
    by: By = None,
) -> None:
    """Give requests that FAILED one more attempt each; whom one may have reached is passed over."""
    if failed is bool(references):
        raise NothingChosen
    current = session(context)
    operator = current.operator(by)
    engine, named = current.runtime.engine, references or None
    before = statuses_of(engine, batch_id, named or ())
    done = retry_requests(engine, batch_id, named, by=operator, including_doubt=including_doubt)
    if as_json:
        print_json(_wire(done, len(references or ())))
    else:
        for sentence in _describe(done, len(references or ())):
            console().print(sentence)
        _say_why_not(named or (), before, RequestStatus.FAILED, "retried")


def retry_one(
    context: typer.Context,
    batch_id: BatchId,
    reference_id: ReferenceId,
    *,
    including_doubt: IncludingDoubt = False,
    as_json: AsJson = False,
    by: By = None,
) -> None:
    """Give a request that FAILED one more attempt; not where one may have reached somebody."""
    chosen = [reference_id]
    retry(context, batch_id, chosen, including_doubt=including_doubt, as_json=as_json, by=by)


def _say_why_not(
    references: Sequence[str], before: Mapping[str, RequestStatus], wanted: RequestStatus, what: str
) -> None:
    """Name those for whom nothing has changed, and where they stood."""
    others = [name for name in references if before.get(name) is not wanted]
    if not others:
        return
    told = [f"{name} ({before.get(name, 'not in the batch')})" for name in others[:NAMED]]
    more = ", …" if len(others) > NAMED else ""
    console().print(
        f"only what is {wanted} can be {what}; nothing changed for: {', '.join(told)}{more}"
    )


def _wire(done: Retried, asked: int) -> Wire:
    named: list[Wire] = [{"reference_id": name, "attempt": attempt} for name, attempt in done.named]
    counts: dict[str, Wire] = {"asked": asked or done.queued + done.passed_over}
    return counts | {"done": done.queued, "passed_over": done.passed_over, "named": named}


def _describe(done: Retried, asked: int) -> Iterator[str]:
    queued = f"queued again: {done.queued}" + (f" of {asked}" if asked else "")
    nothing = not (done.passed_over or done.queued or asked)
    yield f"{queued}; no request of the batch is FAILED" if nothing else queued
    if not done.passed_over:
        return
    named = ", ".join(f"{name} (attempt {attempt})" for name, attempt in done.named)
    more = ", …" if done.passed_over > len(done.named) else ""
    yield f"passed over: {done.passed_over}, for they may have been reached: {named}{more}"
    yield (
        "To decide, see: outreach request show BATCH REFERENCE; then retry with --including-doubt,"
        " or: outreach attempts count-as-sent ATTEMPT"
    )
