"""`outreach dead-letters`: messages that could not be accepted, and what becomes of them."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.context import AsJson, By, Wide, screen, session
from worker.cli.fields import UnreadableFile
from worker.cli.printing import add_row, console, facts_table, print_json, table, write_text
from worker.desk import dead_letters
from worker.desk.dead_letters import DeadLetter
from worker.domain.wire import Wire, to_wire

Letter = Annotated[int, typer.Argument(metavar="ID", help="Its number in the list.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show what it says: personal data.")]
HIDDEN = "<hidden: --reveal shows it>"
LISTED = ("id", "received_at", "task", "reason", "settled_how", "kind")


def list_(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Settled ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    reveal: Reveal = False,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List those nobody has settled."""
    engine = session(context).runtime.engine
    found = dead_letters.list_dead_letters(engine, settled=everything, limit=limit)
    if as_json:
        print_json([_wire(letter, reveal=reveal) for letter in found])
        return
    columns = (*LISTED, "payload") if reveal else LISTED
    listing = table(None, *columns)
    for letter in found:
        add_row(listing, [getattr(letter, name) for name in columns])
    screen(context, wide=wide).print(listing)


def show(
    context: typer.Context,
    letter: Letter,
    *,
    reveal: Reveal = False,
    payload: Annotated[
        bool, typer.Option("--payload", help="Only what it says, for a file to repair.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one of them."""
    found = dead_letters.show_dead_letter(session(context).runtime.engine, letter)
    wire = _wire(found, reveal=reveal)
    if payload:
        write_text(f"{wire['payload']}\n")
    elif as_json:
        print_json(wire)
    else:
        times = {"received_at": found.received_at, "settled_at": found.settled_at}
        screen(context).print(facts_table(f"Dead letter {letter}", (wire | times).items()))


def replay(
    context: typer.Context,
    letter: Letter,
    *,
    name: Annotated[str | None, typer.Option(help="Which message it is meant to be.")] = None,
    payload: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="The payload, repaired.")
    ] = None,
    by: By = None,
) -> None:
    """Take it in again under its own id, perhaps repaired."""
    current = session(context)
    operator, repaired = current.operator(by), _text(payload) if payload else None
    taken = dead_letters.replay(
        current.runtime.engine, letter, name=name, payload=repaired, by=operator
    )
    outcome = "accepted" if taken.fresh else "had been accepted before; nothing changed"
    console().print(f"dead letter {letter}: {outcome}")


def discard(context: typer.Context, letter: Letter, *, by: By = None) -> None:
    """Let it go; it stays readable with --all."""
    current = session(context)
    dead_letters.discard(current.runtime.engine, letter, by=current.operator(by))
    console().print(f"dead letter {letter}: discarded")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(path, error.strerror or "it is unreadable") from None
    except UnicodeDecodeError:
        raise UnreadableFile(path, "it is not UTF-8") from None


def _wire(letter: DeadLetter, *, reveal: bool) -> dict[str, Wire]:
    wire = {name: to_wire(getattr(letter, name)) for name in DeadLetter.__slots__}
    return wire if reveal else wire | {"payload": HIDDEN}
