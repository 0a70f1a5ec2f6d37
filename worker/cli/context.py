"""The context of every command: the runtime, and who is asking."""

import os
from functools import cached_property
from pathlib import Path
from re import fullmatch
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from config.detours import forget_detours
from config.logs import only_errors
from config.settings import ENV_FILE, Settings, SettingsError, is_running, load
from worker.cli.printing import complain
from worker.cli.screen import Screen
from worker.domain.errors import Mistake
from worker.runtime import AuditDoor, Runtime, build

By = Annotated[
    str | None,
    typer.Option("--as", metavar="EMAIL", help="Who does this; default: OPERATOR_EMAIL."),
]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's batch_id.")]
CampaignRef = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or id.")]
ReferenceId = Annotated[str, typer.Argument(metavar="REFERENCE", help="The reference_id in it.")]
Wide = Annotated[
    bool, typer.Option("--wide", help="Every column, however wide; JSON has all of it too.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


class NobodyNamed(Mistake):
    """A change needs somebody who made it."""

    def __init__(self) -> None:
        super().__init__("say who does this: --as EMAIL, or set OPERATOR_EMAIL")


class NotAnEmail(Mistake):
    """`last_updated_by` is a mailbox, so that somebody can be asked."""

    def __init__(self) -> None:
        super().__init__("--as (or OPERATOR_EMAIL) must be an email address")


class NoZone(Mistake):
    """Times are told in a zone that exists."""

    def __init__(self) -> None:
        super().__init__("--zone must be an IANA time zone, like Europe/Berlin")


class Context:
    """One run of the command. Settings are read when a command first needs them, not for --help."""

    def __init__(self, zone: str | None = None) -> None:
        self._zone = zone

    @cached_property
    def settings(self) -> Settings:
        """The settings in force; where none name a database, those of a demo that runs here."""
        try:
            return load()
        except SettingsError as error:
            demo = demo_folder()
            if not names_no_database(error) or not is_running(demo):
                raise
            return _of_the_demo(demo)

    @cached_property
    def runtime(self) -> Runtime:
        """Return what use cases are handed."""
        return build(self.settings, AuditDoor.COMMAND)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are told.

        Raises:
            NoZone: there is none of this name.
        """
        try:
            return ZoneInfo(self._zone or self.settings.display_zone)
        except (ValueError, OSError, KeyError):
            raise NoZone from None

    def close(self) -> None:
        """Hang up, if anybody was called."""
        if "runtime" in self.__dict__:
            self.runtime.close()

    def operator(self, given: str | None) -> str:
        """Return who does this.

        Raises:
            NobodyNamed: neither the option nor the setting says.
            NotAnEmail: it is no mailbox.
        """
        email = given or self.settings.operator_email
        if not email:
            raise NobodyNamed
        if not fullmatch(r"[^@\s]+@[^@\s]+", email):
            raise NotAnEmail
        return email


def demo_folder() -> Path:
    """Return where `make demo` keeps what it runs with."""
    return Path(os.environ.get("STATE_DIR", ".outreach")) / "demo"


def names_no_database(error: SettingsError) -> bool:
    """Return whether nobody has said where to work; a wrong setting must not lead anywhere else."""
    return any(fault.startswith("DATABASE_URL is not set") for fault in error.faults)


def _of_the_demo(demo: Path) -> Settings:
    """As the demo itself does: its settings alone, for this process and those it starts."""
    os.environ.update({"STATE_DIR": str(demo), ENV_FILE: os.devnull})
    forget_detours()
    complain(f"no DATABASE_URL is set: this is the demo in {demo}")
    return load()


def session(context: typer.Context) -> Context:
    """The session of this run, which begins with the first to ask."""
    found = context.find_object(Context)
    return _begin(context) if found is None else found


def _begin(context: typer.Context) -> Context:
    root = context.find_root()
    root.with_resource(only_errors())
    begun = root.obj = Context(root.params["zone"])
    root.call_on_close(begun.close)
    return begun


def screen(context: typer.Context, *, wide: bool = False) -> Screen:
    """Return the screen for what has times in it; what has to be said below, is said in the end."""
    made = Screen(zone=session(context).zone, wide=wide)
    context.call_on_close(made.print_notes)
    return made
