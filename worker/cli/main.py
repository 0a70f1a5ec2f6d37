"""The command itself: its nouns, and how a failure becomes one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from config.logs import only_errors
from config.settings import SettingsError
from worker.cli import (
    attempts,
    audit,
    batch,
    campaign,
    console,
    db,
    dead_letters,
    demo,
    doctor,
    halts,
    messages,
    preview,
    request,
    suppress,
)
from worker.cli.context import Context
from worker.cli.printing import complain, write_text
from worker.cli.usage import explain_misuse
from worker.domain.database_identity import RefusedToStart
from worker.domain.errors import Mistake, WrongFields, where_raised
from worker.runtime import StoreRefused, StoreUnavailable

OWN_ENDINGS = (typer.Exit, typer.Abort, BrokenPipeError)
"""Ways of ending that need no word: of the command line, and of a reader that has read enough."""


@contextmanager
def plain_speech() -> Iterator[None]:
    """Say an expected failure in a sentence on standard error, and exit with 1."""
    try:
        yield
    except (SettingsError, WrongFields) as error:
        for fault in error.faults:
            complain(fault)
        raise typer.Exit(1) from None
    except (Mistake, RefusedToStart, StoreUnavailable, StoreRefused) as error:
        complain(str(error))
        raise typer.Exit(1) from None
    except TyperException as error:
        if not (said := explain_misuse(error)):
            raise
        complain(said)
        raise typer.Exit(error.exit_code) from None
    except OWN_ENDINGS:
        raise
    except Exception as error:  # noqa: BLE001  a door: no traceback, which may quote what was asked for
        complain(
            f"this broke, and nothing more is known: {type(error).__name__} at {where_raised(error)}"
        )
        raise typer.Exit(1) from None


class PlainSpokenGroup(TyperGroup):
    """A group whose commands fail in sentences."""

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
app.add_typer(campaign.app, name="campaign")
app.add_typer(batch.app, name="batch")
app.add_typer(request.app, name="request")
app.add_typer(attempts.app, name="attempts")
app.add_typer(messages.app, name="messages")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(suppress.app, name="suppress")
app.add_typer(audit.app, name="audit")
app.add_typer(console.app, name="console")
app.add_typer(db.app, name="db")
app.command("preview")(preview.preview)
app.command("halt")(halts.halt_command)
app.command("resume")(halts.resume_command)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)


def _tell_version(asked: bool) -> None:
    if asked:
        write_text(f"outreach {version_of('outreach')}\n")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    *,
    zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Tell times in it; default: DISPLAY_ZONE, else UTC."),
    ] = None,
    version: Annotated[  # noqa: ARG001  its callback answers
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say it, and exit."),
    ] = False,
) -> None:
    """Begin a session."""
    context.with_resource(only_errors())
    current = context.obj = Context(zone)
    context.call_on_close(current.close)


def main() -> None:
    """Run the operator's command."""
    app()


if __name__ == "__main__":
    main()
