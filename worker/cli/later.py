"""Commands that are imported when they are typed: who lists batches need not wait for Twilio's SDK."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command


class Later(TyperCommand):
    """Stands in the help for a command, and becomes it when it is called.

    Args:
        name: as it is typed.
        target: `file:function` of this folder, or `file:app` for a group; imported only then.
        help: the first line of the command's own help.
    """

    def __init__(self, name: str, target: str, help: str) -> None:  # noqa: A002  as typer has it
        super().__init__(name=name, help=help)
        self.target = target

    def command(self) -> Any:  # noqa: ANN401  typer hides the class
        """The command itself."""
        file, _, attribute = self.target.partition(":")
        found = getattr(import_module(f"worker.cli.{file}"), attribute)
        if isinstance(found, typer.Typer):
            return get_command(found)
        app = typer.Typer(add_completion=False)
        app.command(self.name)(found)
        return get_command(app)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  as typer has it
        """Let the command itself read its line; typer goes on with whatever that gives."""
        return self.command().make_context(*args, **kwargs)
