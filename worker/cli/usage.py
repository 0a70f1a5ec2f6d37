"""A command that was typed wrongly, told in a sentence that names the option or argument."""

from pydantic import ValidationError
from typer.exceptions import TyperException

from worker.domain.field_faults import phrase


def explain_misuse(error: TyperException) -> str:
    """Return what is wrong with the line; empty where the help was asked for, which has been shown."""
    if isinstance(cause := error.__cause__, ValidationError):
        # The parser reads values with a library whose words are not ours.
        error.message = phrase(cause.errors(include_url=False, include_input=False)[0])
    said = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{said}; see: {context.command_path} --help" if said and context else said
