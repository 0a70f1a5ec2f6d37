"""Carriers' classes of sources: a TOML file that says which number is of which, and of what registration."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.carrier_classes import CLASSES
from config.faults import PHRASES

OURS = PHRASES | {"missing": "is not set", "extra_forbidden": "is no key of a source"}


class SourcesError(Exception):
    """The file can't be used; each fault is a sentence that names source and key."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    carrier_class: Annotated[str, Field(alias="class")]
    registration: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    per_minute: Annotated[int, Field(ge=1)] | None = None
    per_day: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, slots=True)
class SourceClass:
    """What carriers let through of a source, in segments; `name`: with all that have the same."""

    name: str
    per_minute: int
    per_day: int | None


def read_sources(file: Path) -> dict[str, SourceClass]:
    """The sources of a file, each with its limits.

    Raises:
        SourcesError: with a sentence for each fault.
    """
    found: dict[str, SourceClass] = {}
    faults: list[str] = []
    for source, table in _tables(file).items():
        try:
            found[source] = _class_of(source, _Table.model_validate(table))
        except ValidationError as error:
            faults += _sentences(source, error)
        except ValueError as error:
            faults.append(f"sources.{source}.{error}")
    faults += _differing(found)
    if faults:
        raise SourcesError("; ".join(faults))
    return found


def _class_of(source: str, table: _Table) -> SourceClass:
    known = CLASSES.get(table.carrier_class)
    if known is None:
        raise ValueError(f"class: must be one of {', '.join(CLASSES)}")
    if table.registration is not None and not known.shared:
        raise ValueError("registration: numbers of this class share nothing")
    own = table.per_day if table.per_day is not None else known.per_day
    name = f"registration {table.registration or 'main'}" if known.shared else f"source {source}"
    return SourceClass(name, table.per_minute or known.per_minute, own)


def _differing(found: Mapping[str, SourceClass]) -> Iterator[str]:
    first: dict[str, SourceClass] = {}
    for source, one in found.items():
        if first.setdefault(one.name, one) != one:
            yield f"sources.{source}: has other limits than others of the same {one.name}"


def _tables(file: Path) -> Mapping[str, object]:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise SourcesError(f"{file} can't be read") from None
    except tomllib.TOMLDecodeError as error:
        raise SourcesError(f"{file} is no TOML: {error}") from None
    tables = read.pop("sources", None)
    if read or not isinstance(tables, dict) or not tables:
        raise SourcesError(f'{file} must be of tables like [sources."+15125550100"]')
    return tables


def _sentences(source: str, error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in fault["loc"])
        said = OURS.get(fault["type"], "is not what it takes").format(**fault.get("ctx", {}))
        yield f"sources.{source}{'.' + key if key else ''}: {said}"
