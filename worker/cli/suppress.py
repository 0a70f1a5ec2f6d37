"""`outreach suppress`: who must not be contacted, whatever a batch says."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.fields import UnreadableFile
from worker.cli.printing import add_row, complain, console, print_json, table
from worker.cli.session import AsJson, By, session
from worker.desk import suppressions
from worker.domain.statuses import Mode, SuppressReason
from worker.domain.wire import to_wire

app = typer.Typer(no_args_is_help=True, help="Who must not be contacted, whatever a batch says.")

Channel = Annotated[Mode, typer.Argument(metavar="MODE", help="voice, sms or email.")]
Target = Annotated[str, typer.Argument(metavar="TARGET", help="A number with +, or a mailbox.")]
Reason = Annotated[SuppressReason, typer.Option(help="Why.")]
FIELDS = ("mode", "address", "suppressed_at", "suppress_reason", "suppress_source")


@app.command()
def add(
    context: typer.Context,
    mode: Channel,
    target: Target,
    *,
    reason: Reason = SuppressReason.UNSUBSCRIBED,
    by: By = None,
) -> None:
    """Suppress a recipient: once this returns, no attempt to them begins."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    suppressions.suppress_recipient(engine, mode, target, reason=reason, by=operator)
    console().print("suppressed")


@app.command()
def remove(context: typer.Context, mode: Channel, target: Target) -> None:
    """Let a recipient be contacted again."""
    stood = suppressions.allow_recipient(session(context).runtime.engine, mode, target)
    console().print("no longer suppressed" if stood else "was not suppressed")


@app.command("list")
def list_(
    context: typer.Context,
    *,
    mode: Annotated[Mode | None, typer.Option(help="Only this channel.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List who is suppressed. Shows addresses: they are what was asked for."""
    found = suppressions.list_suppressed(session(context).runtime.engine, mode, limit=limit)
    if as_json:
        print_json([{name: to_wire(getattr(one, name)) for name in FIELDS} for one in found])
        return
    listing = table(None, *FIELDS)
    for one in found:
        add_row(listing, [getattr(one, name) for name in FIELDS])
    console().print(listing)


@app.command("import")
def import_(
    context: typer.Context,
    mode: Channel,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One target a line.")],
    *,
    reason: Reason = SuppressReason.UNSUBSCRIBED,
    by: By = None,
) -> None:
    """Suppress everybody in a file; lines that name nobody are reported and stop nobody else's."""
    current = session(context)
    operator, engine = current.operator(by), current.runtime.engine
    try:
        targets = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UnreadableFile(file, error.strerror or "it is unreadable") from None
    except UnicodeDecodeError:
        raise UnreadableFile(file, "it is not UTF-8") from None
    imported = suppressions.import_suppressed(engine, mode, targets, reason=reason, by=operator)
    for line, why in imported.faults:
        complain(f"line {line}: target {why}")
    console().print(f"suppressed: {imported.suppressed}")
    if imported.faults:
        raise typer.Exit(1)
