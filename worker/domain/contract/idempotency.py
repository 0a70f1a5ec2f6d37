"""Idempotent creates: a later one is compared with the first, not with its edits."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from json import dumps
from typing import Any

from pydantic import BaseModel

from worker.domain.wire import Wire


def created_as(fields: BaseModel, requests: Sequence[BaseModel] = ()) -> dict[str, Wire]:
    """The fields of a create in JSON's types; of its requests only a digest, since they are people."""
    plain: dict[str, Wire] = {name: fields_of(fields)[name] for name in type(fields).model_fields}
    return plain | {"requests": _digest(requests)}


def fields_of(fields: BaseModel) -> dict[str, Any]:
    """The fields in JSON's own types."""
    return fields.model_dump(mode="json")


def differing(before: Mapping[str, Wire], now: Mapping[str, Wire]) -> list[str]:
    """The names that were created with another value."""
    return [name for name, value in now.items() if name in before and before[name] != value]


def _digest(requests: Sequence[BaseModel]) -> str | None:
    if not requests:
        return None
    plain = dumps([fields_of(request) for request in requests], sort_keys=True)
    return sha256(plain.encode()).hexdigest()
