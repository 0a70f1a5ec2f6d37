"""Failures of a command: each becomes one sentence and an exit status."""

from typer.exceptions import TyperException

from config.settings import SettingsError
from worker.cli.printing import complain
from worker.cli.usage import explain_misuse
from worker.domain.database_identity import RefusedToStart
from worker.domain.errors import Mistake, WrongFields, where_raised
from worker.runtime import StoreRefused, StoreUnavailable


def say(error: Exception) -> int:
    """Say it on standard error.

    Returns:
        the exit code.

    Raises:
        TyperException: the help was asked for, which typer shows.
    """
    match error:
        case SettingsError() | WrongFields():
            for fault in error.faults:
                complain(fault)
            return 1
        case Mistake() | RefusedToStart() | StoreUnavailable() | StoreRefused():
            complain(str(error))
            return 1
        case TyperException():
            return _say_misuse(error)
        case _:
            complain(
                f"this broke, and nothing more is known: {type(error).__name__} at {where_raised(error)}"
            )
            return 1


def _say_misuse(error: TyperException) -> int:
    if not (said := explain_misuse(error)):
        raise error
    complain(said)
    return error.exit_code
