"""What every command needs: the runtime, and who is asking."""

from functools import cached_property
from re import fullmatch
from typing import Annotated

import typer

from config.settings import Settings, load
from worker.domain.errors import Mistake
from worker.runtime import Runtime, build

By = Annotated[
    str | None,
    typer.Option("--as", metavar="EMAIL", help="Who does this; default: OPERATOR_EMAIL."),
]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's batch_id.")]
CampaignRef = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or id.")]
ReferenceId = Annotated[str, typer.Argument(metavar="REFERENCE", help="The reference_id in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


class NobodyNamed(Mistake):
    """A change needs somebody who made it."""

    def __init__(self) -> None:
        super().__init__("say who does this: --as EMAIL, or set OPERATOR_EMAIL")


class NotAnEmail(Mistake):
    """`last_updated_by` is a mailbox, so that somebody can be asked."""

    def __init__(self) -> None:
        super().__init__("--as (or OPERATOR_EMAIL) must be an email address")


class Session:
    """One run of the command. Settings are read when a command first needs them, not for --help."""

    @cached_property
    def settings(self) -> Settings:
        """The settings in force."""
        return load()

    @cached_property
    def runtime(self) -> Runtime:
        """What use cases are handed."""
        return build(self.settings)

    def close(self) -> None:
        """Hang up, if anybody was called."""
        if "runtime" in self.__dict__:
            self.runtime.engine.dispose()
            self.runtime.patient_engine.dispose()

    def operator(self, given: str | None) -> str:
        """Who does this.

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


def session(context: typer.Context) -> Session:
    """The session of this run."""
    found = context.find_object(Session)
    assert found is not None
    return found
