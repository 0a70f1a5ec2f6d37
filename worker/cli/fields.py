"""Fields as an operator types them: a JSON file, and NAME=VALUE beside it or instead."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from worker.domain.errors import Mistake

# Fields that are more than text: their value is read as JSON, lists also from commas.
LISTS = frozenset(
    {
        "accounts",
        "active_days",
        "allowed_regions",
        "holidays",
        "labels",
        "refused_line_types",
        "retry_on",
    }
)
JSON = frozenset(
    {
        "account_sources",
        "allow_costly_numbers",
        "campaign_variables",
        "daily_caps",
        "date_overrides",
        "recipient_hours",
        "retry_delays",
        "frequency_cap",
        "frequency_days",
        "hourly_rate",
        "max_daily_calls",
        "pool",
        "retry_count",
        "resend_in_doubt",
        "voicemail_detection",
        "weekday_hours",
        "webhooks",
    }
)

FieldsFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE.json]", help="The fields as a JSON object.")
]
SetFields = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="FIELD=VALUE", help="One field; null clears it."),
]


class UnreadableFile(Mistake):
    """The file can't be opened or is not what it should be."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"can't read {str(path)!r}: {why}")


class BadAssignment(Mistake):
    """`--set` or `--var` needs a name and a value the field can have."""

    def __init__(self, why: str, *, option: str = "--set") -> None:
        super().__init__(f"{option} {why}")


def read_fields(file: Path | None, assignments: list[str] | None) -> dict[str, object]:
    """The fields of the file with the assignments over them.

    Raises:
        UnreadableFile: the file is missing or no JSON object.
        BadAssignment: an assignment has no name, or a value its field can't have.
    """
    fields = _file_fields(file) if file else {}
    return fields | dict(map(_assignment, assignments or []))


def read_variables(assignments: list[str] | None) -> dict[str, str]:
    """Request variables from NAME=VALUE.

    Raises:
        BadAssignment: one has no name or no value.
    """
    pairs = [text.partition("=") for text in assignments or []]
    if any(not name or not equals for name, equals, _ in pairs):
        raise BadAssignment("must look like NAME=VALUE", option="--var")
    return {name: value for name, _, value in pairs}


def _file_fields(path: Path) -> dict[str, object]:
    try:
        fields = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(path, error.strerror or "it is unreadable") from None
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(path, f"line {error.lineno} is not JSON") from None
    if not isinstance(fields, dict):
        raise UnreadableFile(path, "it must hold one JSON object")
    return fields


def _assignment(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadAssignment("must look like FIELD=VALUE")
    if value == "null":
        return name, None
    if name in LISTS and not value.startswith("["):
        return name, [part.strip() for part in value.split(",")]
    return name, _json(name, value) if name in LISTS | JSON else value


def _json(name: str, value: str) -> object:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise BadAssignment(f"{name}: the value must be JSON") from None
