"""`outreach halt` and `outreach resume`: stop sending everywhere, on a channel or for a campaign."""

from typing import Annotated

import typer

from worker.cli.printing import console
from worker.cli.session import By, session
from worker.desk.campaigns import show_campaign
from worker.dispatch.halt import Scope, halt, resume
from worker.dispatch.recognize import adopt_the_database
from worker.domain.errors import Mistake
from worker.domain.statuses import Mode
from worker.runtime import Runtime

All = Annotated[bool, typer.Option("--all", help="Everything.")]
Channel = Annotated[Mode | None, typer.Option(help="One channel.")]
Campaign = Annotated[str | None, typer.Option(help="One campaign, by name or id.")]


class NothingNamed(Mistake):
    """A halt needs a scope, and only one."""

    def __init__(self) -> None:
        super().__init__("name what to halt or resume: one of --all, --channel, --campaign")


def halt_command(
    context: typer.Context,
    *,
    everything: All = False,
    channel: Channel = None,
    campaign: Campaign = None,
    reason: Annotated[str, typer.Option(help="Why; shown by doctor.")] = "halted by hand",
    by: By = None,
) -> None:
    """Let nothing begin any more in a scope, until it is resumed."""
    current = session(context)
    operator, here = current.operator(by), current.runtime
    scope, key = _scope(here, everything, channel, campaign)
    fresh = halt(here.engine, scope, key, reason, operator)
    console().print(f"halted: {scope} {key}".rstrip() + ("" if fresh else " (it was already)"))


def resume_command(
    context: typer.Context,
    *,
    everything: All = False,
    channel: Channel = None,
    campaign: Campaign = None,
    after_restore: Annotated[
        bool,
        typer.Option("--after-restore", help="The database was restored or cloned: send from it."),
    ] = False,
    by: By = None,
) -> None:
    """Let a halted scope send again."""
    current = session(context)
    operator, here = current.operator(by), current.runtime
    scope, key = _scope(here, everything or after_restore, channel, campaign)
    if after_restore:
        adopt_the_database(here.engine, here.memories, operator)
    lifted = resume(here.engine, scope, key, operator)
    console().print(f"resumed: {scope} {key}".rstrip() + ("" if lifted else " (it was not halted)"))


def _scope(
    here: Runtime, everything: bool, channel: Mode | None, campaign: str | None
) -> tuple[Scope, str]:
    if sum((everything, channel is not None, campaign is not None)) != 1:
        raise NothingNamed
    if channel is not None:
        return "channel", channel.value
    if campaign is not None:
        return "campaign", str(show_campaign(here.engine, campaign).id)
    return "all", ""
