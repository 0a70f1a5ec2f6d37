"""`outreach batch`: create, fill, steer and read batches."""

from typing import Annotated, Literal

import typer

from worker.cli import exports, watching
from worker.cli.context import AsJson, BatchId, By, Wide, screen, session
from worker.cli.picture import describe_state, draw_batch
from worker.cli.printing import console, print_json
from worker.cli.rates import AutoCallRate, CallRate, ExpiresOn, StartsAt, choose_rates
from worker.cli.screen import Screen
from worker.desk.batches import (
    create_batch,
    delete_batch,
    pause_batch,
    resume_batch,
    show_batch,
    update_batch,
)
from worker.desk.campaigns import show_campaign
from worker.desk.plan import outlook
from worker.desk.results import results as read_results
from worker.desk.results import variable_names
from worker.desk.spoken_times import read_times
from worker.dispatch.database_identity import refuse_unrecognized
from worker.dispatch.drain import drain
from worker.domain.contract.batches import BatchDetails
from worker.domain.statuses import RequestStatus

WhyHeld = Annotated[str | None, typer.Option("--reason", help="Why; kept in the audit.")]
Separator = Literal["comma", "semicolon", "tab"]


def create(  # noqa: PLR0913  each is an option
    context: typer.Context,
    batch_id: BatchId,
    *,
    campaign: Annotated[str, typer.Option(help="The campaign's name or id.")],
    starts_at: StartsAt = None,
    expires_on: ExpiresOn = None,
    call_rate: CallRate = None,
    auto_call_rate: AutoCallRate = None,
    paused: Annotated[bool, typer.Option("--paused", help="Hold it until resumed.")] = False,
    by: By = None,
) -> None:
    """Create an empty batch; creating it again with equal fields changes nothing."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    chosen = choose_rates(starts_at, expires_on, call_rate, auto_call_rate)
    fields = read_times(engine, chosen, campaign=campaign)
    identity = {"batch_id": batch_id, "campaign_id": show_campaign(engine, campaign).id}
    _say(create_batch(engine, identity | {"paused": paused} | fields, by=operator))


def update(
    context: typer.Context,
    batch_id: BatchId,
    *,
    starts_at: StartsAt = None,
    expires_on: ExpiresOn = None,
    call_rate: CallRate = None,
    auto_call_rate: AutoCallRate = None,
    by: By = None,
) -> None:
    """Change when a batch starts or ends, or how fast it goes."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    chosen = choose_rates(starts_at, expires_on, call_rate, auto_call_rate)
    campaign = str(show_batch(engine, batch_id).facts.campaign_id)
    changes = read_times(engine, chosen, campaign=campaign)
    _say(update_batch(engine, batch_id, changes, by=operator))


def show(context: typer.Context, batch_id: BatchId, *, as_json: AsJson = False) -> None:
    """Show a batch with its status and counts."""
    here = session(context).runtime
    details = show_batch(here.engine, batch_id)
    if as_json:
        seen = outlook(here.engine, batch_id, ceilings=here.ceilings)
        print_json(details.to_wire() | seen.to_wire())
        return
    out = screen(context)
    out.print(draw_batch(details))
    out.print_notes()
    told = outlook(here.engine, batch_id, ceilings=here.ceilings, zone=str(out.zone))
    for sentence in told.sentences:
        out.print(sentence)


def watch(
    context: typer.Context,
    batch_id: BatchId,
    *,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 0.5,
) -> None:
    """Watch a batch until each of its requests is final."""
    current = session(context)
    engine, out = current.runtime.engine, Screen(zone=current.zone)
    watching.watch(lambda: show_batch(engine, batch_id), out, interval=interval)


def pause(
    context: typer.Context,
    batch_id: BatchId,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when nothing of it can reach a provider.")
    ] = False,
    reason: WhyHeld = None,
    by: By = None,
) -> None:
    """Hold a batch: none of its attempts begins until it is resumed."""
    current = session(context)
    here, operator = current.runtime, current.operator(by)
    before = show_batch(here.engine, batch_id)
    after = pause_batch(here.engine, batch_id, by=operator, why=reason)
    _say(after, _nothing_to_pause(before, after))
    if wait:
        refuse_unrecognized(here.engine, here.memories)
        drained = drain(here.engine, here.provider_loop, here.timeouts, batch_id)
        console().print(
            f"drained in {drained.seconds:.1f} s; {drained.canceled} queued calls taken back"
        )


def resume(
    context: typer.Context, batch_id: BatchId, *, reason: WhyHeld = None, by: By = None
) -> None:
    """Let a batch go on."""
    current = session(context)
    here, operator = current.runtime, current.operator(by)
    before = show_batch(here.engine, batch_id)
    after = resume_batch(here.engine, batch_id, by=operator, why=reason)
    _say(after, None if before.facts.paused else "it was not paused, nothing changed")
    seen = outlook(here.engine, batch_id, ceilings=here.ceilings, zone=str(current.zone))
    if seen.not_moving:
        console().print(f"not moving now: {seen.not_moving}")


def delete(
    context: typer.Context,
    batch_id: BatchId,
    *,
    reason: Annotated[str, typer.Option(help="Why; kept with the batch.")],
    by: By = None,
) -> None:
    """Delete a batch: what has not begun never will, what is under way lives on."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    before = show_batch(engine, batch_id).facts
    after = delete_batch(engine, batch_id, reason=reason, by=operator)
    already = f"it was deleted already, nothing changed; by {before.last_updated_by}"
    _say(after, f"{already}: {before.deleted_reason}" if before.deleted_at else None)


def results(  # noqa: PLR0913  each is an option
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
    wide: Wide = False,
) -> None:
    """Print what became of each request."""
    engine = session(context).runtime.engine
    found = read_results(engine, batch_id, request_status=status, reference_id=reference)
    if as_json:
        exports.write_json_lines(found)
    elif excel:
        exports.write_excel(
            found, variable_names(engine, batch_id), separator=exports.SEPARATORS[separator]
        )
    elif as_csv:
        exports.write_csv(found, variable_names(engine, batch_id))
    else:
        exports.print_table(found, screen(context, wide=wide))


def _nothing_to_pause(before: BatchDetails, after: BatchDetails) -> str | None:
    """Return why a pause makes no difference, where it makes none."""
    if before.facts.paused:
        return f"it was paused already, nothing changed; last touched by {before.facts.last_updated_by}"
    if after.facts.finished_at or after.status in watching.OVER:
        return "nothing of it waits"
    return None


def _say(details: BatchDetails, why: str | None = None) -> None:
    told = f"batch {details.facts.batch_id}: {describe_state(details.facts, details.status)}"
    console().print(f"{told} ({why})" if why else told)
