"""The command itself; its nouns and verbs stand in `commands.py`, how a failure is told in `failures.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from worker.cli.commands import commands
from worker.cli.encoding import print_whatever_the_encoding

OWN_ENDINGS = (typer.Exit, typer.Abort, BrokenPipeError)
"""Ways of ending that need no word: of the command line, and of a reader that has read enough."""


@contextmanager
def plain_speech() -> Iterator[None]:
    """Say an expected failure in a sentence on standard error, and exit with 1."""
    try:
        yield
    except OWN_ENDINGS:
        raise
    except Exception as error:  # noqa: BLE001  a door: no traceback, which may quote what was asked for
        # Only who fails waits for all that may fail to be imported.
        failures = import_module("worker.cli.failures")
        raise typer.Exit(failures.say(error)) from None


class PlainSpokenGroup(TyperGroup):
    """All commands; they fail in sentences."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401  as typer has it
        super().__init__(**attributes | {"commands": commands()})

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as typer has it
        """Read what stands before the command."""
        with plain_speech():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer hides the base
        """Run the command."""
        with plain_speech():
            return super().invoke(ctx)


app = typer.Typer(
    cls=PlainSpokenGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Batches of calls, SMS and mail that contact nobody twice.",
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"outreach {version_of('outreach')}")
        raise typer.Exit


@app.callback()
def start(
    *,
    zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Tell times in it; default: DISPLAY_ZONE, else UTC."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say it, and exit."),
    ] = False,
) -> None:
    """Take what stands before a command; the session reads it."""


def main() -> None:
    """Run the operator's command."""
    print_whatever_the_encoding()
    app()


if __name__ == "__main__":
    main()
