"""`outreach messages`: what other systems may ask for, and the schema of each."""

from typing import Annotated

import typer

from worker.cli.context import AsJson
from worker.cli.printing import console, print_json
from worker.domain.contract.messages import PAYLOADS, schema

Name = Annotated[str, typer.Argument(metavar="NAME", help="Like outreach.create_batch.")]


def list_(*, as_json: AsJson = False) -> None:
    """List the names of all messages."""
    if as_json:
        print_json(list(PAYLOADS))
        return
    for name in PAYLOADS:
        console().print(name)


def schema_command(name: Name) -> None:
    """Print the JSON Schema of a message's payload."""
    print_json(schema(name))
