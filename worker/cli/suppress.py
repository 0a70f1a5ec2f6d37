"""`outreach suppress`: who must not be contacted, whatever a batch says."""

from collections.abc import Sequence
from typing import Annotated

import typer

from worker.cli.context import AsJson, By, Wide, screen, session
from worker.cli.printing import add_row, console, print_json, table
from worker.cli.screen import Screen
from worker.desk import suppression_lifts, suppressions
from worker.desk.suppression_lifts import Suppression
from worker.domain.statuses import Channel, SuppressReason

ChannelArgument = Annotated[Channel, typer.Argument(metavar="CHANNEL", help="voice, sms or email.")]
Reason = Annotated[SuppressReason, typer.Option(help="Why.")]
Target = Annotated[str, typer.Argument(metavar="TARGET", help="A number with +, or a mailbox.")]
Remover = Annotated[
    str | None,
    typer.Option("--by", "--as", metavar="EMAIL", help="Who lifts it; default: OPERATOR_EMAIL."),
]
FIELDS = ("id", "channels", "address", "suppressed_at", "suppress_reason", "source", "by")
ALL = (*FIELDS, "act", "lifted_at", "lifted_by", "lifted_why")


def add(
    context: typer.Context,
    channel: ChannelArgument,
    target: Target,
    *,
    reason: Reason = SuppressReason.UNSUBSCRIBED,
    by: By = None,
) -> None:
    """Suppress a recipient: once this returns, no attempt to them begins."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    suppressions.suppress_recipient(engine, channel, target, reason=reason, by=operator)
    console().print("suppressed")


def remove(
    context: typer.Context,
    row: Annotated[int, typer.Argument(metavar="ROW", help="The id that list and explain show.")],
    *,
    by: Remover = None,
    why: Annotated[str | None, typer.Option(help="Why; it is remembered.")] = None,
) -> None:
    """Lift one suppression; whatever else keeps the recipient from being contacted stays."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    found = suppression_lifts.lift_suppression(engine, row, by=operator, why=why)
    if found.lifted_at:
        console().print(f"was lifted already, by {found.lifted_by}")
        return
    console().print("lifted")
    for channel in found.channels:
        for one in suppression_lifts.explain_suppressed(engine, channel, found.address):
            if one.lifted_at is None:
                console().print(f"still suppressed on {channel}: {one.id}, {one.source}")


def list_(
    context: typer.Context,
    *,
    channel: Annotated[Channel | None, typer.Option(help="Only this channel.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the suppressions in force. Shows addresses: they are what was asked for."""
    found = suppression_lifts.list_suppressed(session(context).runtime.engine, channel, limit=limit)
    _show(found, FIELDS, None if as_json else screen(context, wide=wide))


def explain(
    context: typer.Context,
    channel: ChannelArgument,
    target: Target,
    *,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Every act that ever kept a recipient from being contacted, and who lifted which."""
    found = suppression_lifts.explain_suppressed(session(context).runtime.engine, channel, target)
    _show(found, ALL, None if as_json else screen(context, wide=wide))


def _show(found: Sequence[Suppression], columns: Sequence[str], out: Screen | None) -> None:
    if out is None:
        print_json([one.to_wire() for one in found])
        return
    listing = table(None, *columns)
    for one in found:
        add_row(listing, [_cell(getattr(one, name)) for name in columns])
    out.print(listing)


def _cell(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value
