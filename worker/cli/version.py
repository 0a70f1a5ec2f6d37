"""`outreach version`: what is installed here."""

from dataclasses import asdict
from typing import Annotated

import typer

from worker.cli.printing import print_json, write_text
from worker.desk.release import find_release, list_licences


def version(
    *,
    licences: Annotated[
        bool, typer.Option("--licences", help="List every package that is installed with it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say which version is installed, and on request the licences of all that is in it."""
    if licences:
        _tell_licences(json)
        return
    found = find_release()
    if json:
        print_json(asdict(found))
        return
    write_text(f"outreach {found.version}, schema {found.schema}, Python {found.python}\n")


def _tell_licences(json: bool) -> None:
    found = list_licences()
    if json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        write_text(f"{one.name} {one.version}: {one.licence}\n")
