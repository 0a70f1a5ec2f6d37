"""Values as they are written for the outside: JSON's own types, timestamps in ISO 8601 with Z."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from uuid import UUID

Wire = None | bool | int | float | str | list["Wire"] | dict[str, "Wire"]


def stamp(at: datetime, *, fine: bool = False) -> str:
    """An aware time as `2025-08-12T00:00:00Z`; `fine` adds milliseconds."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds" if fine else "seconds")
    return text.replace("+00:00", "Z")


def to_wire(value: object) -> Wire:
    """A field's value in JSON's own types.

    Raises:
        TypeError: there is no form for it, which is a fault of ours.
    """
    for kind, write in WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no form on the wire")


def short_interval(interval: timedelta) -> str:
    """`30m`, `12h` or `7d`: the largest unit that divides it."""
    minutes, rest = divmod(interval, timedelta(minutes=1))
    assert not rest, "intervals are whole minutes"
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes and not minutes % size:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


WRITERS: dict[type, Callable[..., Wire]] = {
    Enum: lambda value: to_wire(value.value),
    datetime: lambda value: stamp(value, fine=bool(value.microsecond)),
    time: lambda value: value.isoformat(timespec="seconds"),
    timedelta: short_interval,
    UUID: str,
    Mapping: lambda value: {str(key): to_wire(item) for key, item in value.items()},
    list: lambda value: [to_wire(item) for item in value],
    tuple: lambda value: [to_wire(item) for item in value],
}
