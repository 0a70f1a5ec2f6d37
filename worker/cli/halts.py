"""`outreach halt` and `outreach resume`: stop sending everywhere, on a channel or for a campaign."""

from dataclasses import dataclass
from typing import Annotated

import typer

from worker.cli.cells import cell
from worker.cli.context import By, screen, session
from worker.cli.printing import console
from worker.cli.screen import Screen
from worker.desk.campaigns import show_campaign
from worker.dispatch.database_identity import adopt_the_database
from worker.dispatch.halt import HaltRow, Scope, halt, halts_in_force, resume
from worker.domain.accounts import MAIN, source_key
from worker.domain.errors import Mistake
from worker.domain.statuses import Channel
from worker.runtime import Runtime

All = Annotated[bool, typer.Option("--all", help="Everything.")]
ChannelOption = Annotated[Channel | None, typer.Option(help="One channel.")]
Account = Annotated[
    str | None, typer.Option(help="Of the channel or the campaign, one account alone.")
]
Campaign = Annotated[str | None, typer.Option(help="One campaign, by name or id.")]


Source = Annotated[str | None, typer.Option(help="Of the channel, one source of pools: it rests.")]


class NothingNamed(Mistake):
    """A halt needs a scope, and only one."""

    def __init__(self) -> None:
        super().__init__("name what to halt or resume: one of --all, --channel, --campaign")


class NoChannelNamed(Mistake):
    """An account is halted on a channel or for a campaign, a source on a channel."""

    def __init__(self) -> None:
        super().__init__(
            "name the --channel on which the --account or --source is meant, or the account's --campaign"
        )


def halt_command(
    context: typer.Context,
    *,
    everything: All = False,
    channel: ChannelOption = None,
    account: Account = None,
    source: Source = None,
    campaign: Campaign = None,
    reason: Annotated[str, typer.Option(help="Why; shown by doctor.")] = "halted by hand",
    by: By = None,
) -> None:
    """Let nothing begin any more in a scope, until it is resumed."""
    current = session(context)
    operator, here = current.operator(by), current.runtime
    scope, key = _scope(here, _Named(everything, channel, campaign, account, source))
    if halt(here.engine, scope, key, reason, operator):
        console().print(f"halted: {_name_scope(scope, key)}")
        return
    out = screen(context)
    for row in halts_in_force(here.engine):
        if (row.scope, row.key) == (scope, key):
            out.print(f"was halted already, nothing changed: {_describe(row, out)}")


def resume_command(
    context: typer.Context,
    *,
    everything: All = False,
    channel: ChannelOption = None,
    account: Account = None,
    source: Source = None,
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
    scope, key = _scope(
        here, _Named(everything or after_restore, channel, campaign, account, source)
    )
    if after_restore:
        adopt_the_database(here.engine, here.memories, operator)
    lifted, out = resume(here.engine, scope, key, operator), screen(context)
    out.print(_done(_name_scope(scope, key), lifted=lifted, adopted=after_restore))
    for row in halts_in_force(here.engine):
        out.print(f"still halted: {_describe(row, out)}")


def _done(named: str, *, lifted: bool, adopted: bool) -> str:
    known = "this database is the one to send from, from now on; " if adopted else ""
    if lifted:
        return f"{known}resumed: {named}"
    return f"{known}was not halted{'' if adopted else ', nothing changed'}: {named}"


def _name_scope(scope: str, key: str) -> str:
    return f"{scope} {key}".rstrip()


def _describe(row: HaltRow, out: Screen) -> str:
    out.note([row.halted_at])
    since = cell(row.halted_at, out.zone)
    return f"{_name_scope(row.scope, row.key)}, by {row.halted_by} since {since}: {row.reason}"


@dataclass(frozen=True, slots=True)
class _Named:
    """What was typed."""

    everything: bool
    channel: Channel | None
    campaign: str | None
    account: str | None
    source: str | None


def _scope(here: Runtime, named: _Named) -> tuple[Scope, str]:
    channel, account = named.channel, named.account
    if sum((named.everything, channel is not None, named.campaign is not None)) != 1:
        raise NothingNamed
    if channel is None and (named.source is not None or (account is not None and named.everything)):
        raise NoChannelNamed
    if channel is not None and named.source is not None:
        return "source", source_key(channel.value, account or MAIN, named.source)
    if channel is not None:
        return "channel", f"{channel.value}@{account}" if account else channel.value
    if named.campaign is not None:
        number = show_campaign(here.engine, named.campaign).id
        return "campaign", f"{number}@{account}" if account else str(number)
    return "all", ""
