"""The pool of a campaign: what it is sent from, each source with its weight."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from worker.domain.errors import WrongFields
from worker.domain.fields import Text, WireModel, validate

MOST_SOURCES = 500
HEAVIEST = 1_000


class PoolSource(WireModel):
    """One source of a pool. Weighted 0 it takes nobody new: whom it has it keeps."""

    source: Annotated[Text, Field(min_length=1)]
    weight: Annotated[int, Field(ge=0, le=HEAVIEST)] = 1


def pool(values: Sequence[Mapping[str, object]]) -> tuple[dict[str, object], ...]:
    """The sources of a pool, checked, in JSON's own types.

    Raises:
        ValueError: naming the source by its place, from 0, and the field.
    """
    if len(values) > MOST_SOURCES:
        raise ValueError(f"has at most {MOST_SOURCES} sources")
    found = tuple(_check_source(place, value) for place, value in enumerate(values))
    named = [one["source"] for one in found]
    for place, source in enumerate(named):
        if source in named[:place]:
            raise ValueError(f"{place}.source: stands in the pool twice")
    if found and not any(one["weight"] for one in found):
        raise ValueError("needs a source whose weight is not 0")
    return found


def _check_source(place: int, value: Mapping[str, object]) -> dict[str, object]:
    try:
        return validate(PoolSource, value).model_dump(mode="json")
    except WrongFields as error:
        raise ValueError("; ".join(f"{place}.{fault}" for fault in error.faults)) from None


def sources_of(values: Sequence[Mapping[str, object]]) -> list[str]:
    """The sources of a checked pool, in its order."""
    return [str(one["source"]) for one in values]


def first_source(values: object) -> object:
    """What stands for a pool where one source has to; None where it is none. The values are unchecked."""
    match values:
        case [{"source": source}, *_]:
            return source
        case _:
            return None
