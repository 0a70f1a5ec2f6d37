"""`outreach run`: the house in the foreground."""

import os
import sys
from typing import Annotated

import typer

from worker.cli.context import session


def run(
    context: typer.Context,
    *,
    small: Annotated[
        bool,
        typer.Option("--small", help="In two processes, on the services that the settings name."),
    ] = False,
) -> None:
    """Run every process on this machine until Ctrl-C, on embedded services where settings name none."""
    if small:
        session(context).settings  # noqa: B018  what is wrong with them is told once, and not by each process
    words = ["worker.local.small"] if small else ["worker.local", "run"]
    os.execv(sys.executable, [sys.executable, "-m", *words])  # noqa: S606  our own
