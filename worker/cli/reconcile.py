"""`outreach reconcile`: what the providers know of the time that a restored database lacks."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from worker.cli.context import By, session
from worker.cli.printing import console
from worker.dispatch.reconcile import reconcile
from worker.domain.errors import Mistake


class NoMoment(Mistake):
    """It says from when on attempts may be missing."""

    def __init__(self) -> None:
        super().__init__(
            "--since must be the moment of the backup with its zone, like 2026-03-01T02:00:00Z"
        )


def reconcile_command(
    context: typer.Context,
    *,
    since: Annotated[
        str, typer.Option("--since", metavar="MOMENT", help="When the backup was taken.")
    ],
    by: By = None,
) -> None:
    """Ask the providers whom the database does not know it contacted since a backup was taken."""
    current = session(context)
    operator, here = current.operator(by), current.runtime
    done = reconcile(here.engine, here.provider_loop, read_moment(since), by=operator)
    out = console()
    out.print(f"calls and texts that no attempt bears: {done.found}")
    out.print(f"their requests are asked about, as any doubt is: {done.asked}")
    out.print(
        f"requests that wait for your word, because it is unclear which it was: {done.closed}"
    )
    out.print(f"people among them whom no open request names, left alone: {done.unnamed}")
    out.print(f"mails that were due, and wait for your word: {done.mails}")
    out.print("decide with outreach attempts; then: outreach resume --after-restore")


def read_moment(told: str) -> datetime:
    """Read a moment that names its zone.

    Raises:
        NoMoment: it is none.
    """
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise NoMoment from None
    if moment.tzinfo is None:
        raise NoMoment
    return moment.astimezone(UTC)
