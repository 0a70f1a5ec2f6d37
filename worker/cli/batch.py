"""`outreach batch`: create, fill, steer and read batches."""

from typing import Annotated, Literal

import typer

from worker.cli import exports, second_thoughts, watching
from worker.cli.archive import archive
from worker.cli.picture import pictured
from worker.cli.plan import plan
from worker.cli.printing import add_row, console, print_json, table
from worker.cli.rates import AutoCallRate, CallRate, ExpiresOn, chosen
from worker.cli.session import AsJson, BatchId, By, session
from worker.cli.upload import upload
from worker.desk.batches import (
    create_batch,
    delete_batch,
    list_batches,
    pause_batch,
    resume_batch,
    show_batch,
    update_batch,
)
from worker.desk.campaigns import show_campaign
from worker.desk.plan import outlook
from worker.desk.results import results as read_results
from worker.dispatch.drain import drain
from worker.dispatch.recognize import refuse_strangers
from worker.domain.batches import BatchDetails
from worker.domain.statuses import RequestStatus

Separator = Literal["comma", "semicolon", "tab"]

app = typer.Typer(no_args_is_help=True, help="Create, fill, steer and read batches.")


@app.command()
def create(
    context: typer.Context,
    batch_id: BatchId,
    *,
    campaign: Annotated[str, typer.Option(help="The campaign's name or id.")],
    expires_on: ExpiresOn = None,
    call_rate: CallRate = None,
    auto_call_rate: AutoCallRate = None,
    paused: Annotated[bool, typer.Option("--paused", help="Hold it until resumed.")] = False,
    by: By = None,
) -> None:
    """Create an empty batch; creating it again with equal fields changes nothing."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    fields = chosen(expires_on, call_rate, auto_call_rate)
    identity = {"batch_id": batch_id, "campaign_id": show_campaign(engine, campaign).id}
    _say(create_batch(engine, identity | {"paused": paused} | fields, by=operator))


app.command()(upload)
app.command()(plan)
app.command()(archive)
app.command()(second_thoughts.remove)
app.command()(second_thoughts.retry)


@app.command()
def update(
    context: typer.Context,
    batch_id: BatchId,
    *,
    expires_on: ExpiresOn = None,
    call_rate: CallRate = None,
    auto_call_rate: AutoCallRate = None,
    by: By = None,
) -> None:
    """Change when a batch ends or how fast it goes."""
    current = session(context)
    changes = chosen(expires_on, call_rate, auto_call_rate)
    _say(update_batch(current.runtime.engine, batch_id, changes, by=current.operator(by)))


@app.command("list")
def list_(
    context: typer.Context,
    *,
    campaign: Annotated[
        str | None, typer.Option(help="Only this campaign's, by name or id.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the latest batches."""
    found = list_batches(session(context).runtime.engine, campaign=campaign, limit=limit)
    if as_json:
        print_json([details.to_wire() for details in found])
        return
    listing = table(None, "batch_id", "campaign_id", "status", "requests", "open", "created_at")
    for details in found:
        facts = details.facts
        counted = (details.status, details.total, details.open, facts.created_at)
        add_row(listing, [facts.batch_id, facts.campaign_id, *counted])
    console().print(listing)


@app.command()
def show(context: typer.Context, batch_id: BatchId, *, as_json: AsJson = False) -> None:
    """Show a batch with its status and counts."""
    here = session(context).runtime
    details = show_batch(here.engine, batch_id)
    seen = outlook(here.engine, batch_id, ceilings=here.ceilings)
    if as_json:
        print_json(details.to_wire() | seen.to_wire())
        return
    console().print(pictured(details))
    for sentence in seen.sentences:
        console().print(sentence)


@app.command()
def watch(
    context: typer.Context,
    batch_id: BatchId,
    *,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 0.5,
) -> None:
    """Watch a batch until each of its requests is final."""
    engine = session(context).runtime.engine
    watching.watch(lambda: show_batch(engine, batch_id), console(), interval=interval)


@app.command()
def pause(
    context: typer.Context,
    batch_id: BatchId,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when nothing of it can reach a provider.")
    ] = False,
    by: By = None,
) -> None:
    """Hold a batch: none of its attempts begins until it is resumed."""
    current = session(context)
    here = current.runtime
    _say(pause_batch(here.engine, batch_id, by=current.operator(by)))
    if wait:
        refuse_strangers(here.engine, here.memories)
        drained = drain(here.engine, here.line, here.patience, batch_id)
        console().print(
            f"drained in {drained.seconds:.1f} s; {drained.canceled} queued calls taken back"
        )


@app.command()
def resume(context: typer.Context, batch_id: BatchId, *, by: By = None) -> None:
    """Let a batch go on."""
    current = session(context)
    _say(resume_batch(current.runtime.engine, batch_id, by=current.operator(by)))


@app.command()
def delete(
    context: typer.Context,
    batch_id: BatchId,
    *,
    reason: Annotated[str, typer.Option(help="Why; kept with the batch.")],
    by: By = None,
) -> None:
    """Delete a batch: what has not begun never will, what is under way lives on."""
    current = session(context)
    operator = current.operator(by)
    _say(delete_batch(current.runtime.engine, batch_id, reason=reason, by=operator))


@app.command()
def results(
    context: typer.Context,
    batch_id: BatchId,
    *,
    status: Annotated[RequestStatus | None, typer.Option(help="Only this request_status.")] = None,
    reference: Annotated[str | None, typer.Option(help="Only this reference_id.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    excel: Annotated[
        bool, typer.Option(help="Print CSV that Excel opens with accents right.")
    ] = False,
    separator: Annotated[
        Separator, typer.Option(help="Of --excel: semicolon where Excel's country writes 1,5.")
    ] = "comma",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print what became of each request."""
    found = read_results(
        session(context).runtime.engine, batch_id, request_status=status, reference_id=reference
    )
    if as_json:
        exports.write_json_lines(found)
    elif excel:
        exports.write_excel(found, separator=exports.SEPARATORS[separator])
    elif as_csv:
        exports.write_csv(found)
    else:
        exports.print_table(found, console())


def _say(details: BatchDetails) -> None:
    console().print(f"batch {details.facts.batch_id}: {details.status}")
