"""`outreach console`: sign in to the console in a browser."""

import webbrowser
from typing import Annotated

import typer

from config.settings import Settings
from worker.cli.context import By, session
from worker.cli.printing import write_text
from worker.desk.signing_in import make_link
from worker.domain.callers import Role


def open_(
    context: typer.Context,
    *,
    role: Annotated[Role, typer.Option(help="What whoever opens it may do.")] = Role.ADMIN,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the link, and open nothing.")
    ] = False,
    by: By = None,
) -> None:
    """Make a link that signs in once, within ten minutes, and open it."""
    current = session(context)
    owner = current.operator(by)
    link = link_for(current.settings, make_link(current.runtime.engine, owner, role))
    if print_only or not webbrowser.open(link):
        write_text(f"{link}\n")


def link_for(settings: Settings, secret: str) -> str:
    """The address at which this secret signs in."""
    host = "127.0.0.1" if settings.api_host in {"0.0.0.0", "::"} else settings.api_host  # noqa: S104
    return f"http://{host}:{settings.api_port}/sign-in?link={secret}"
