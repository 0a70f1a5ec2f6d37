"""Field types the wire models share, and how their faults become sentences."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from re import fullmatch
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from worker.domain.errors import WrongFields
from worker.domain.field_faults import name_place, phrase

M = TypeVar("M", bound=BaseModel)

INTERVAL_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST_INTERVAL = timedelta(days=365)
LARGEST_ID = 2**63 - 1
"""Of what the database numbers."""


class WireModel(BaseModel):
    """Strict about types and names, frozen, and silent about values: an error may be logged."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


def _plain(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain a NUL character")
    return value


def interval(value: object) -> timedelta:
    """A duration as the wire writes it: `30m`, `12h`, `7d`. Raises ValueError with a sentence."""
    if isinstance(value, timedelta):
        return value
    parts = fullmatch(r"([0-9]{1,6})([mhd])", value) if isinstance(value, str) else None
    if not parts or int(parts[1]) * INTERVAL_UNITS[parts[2]] > LONGEST_INTERVAL:
        raise ValueError('must be a number of minutes, hours or days, like "30m", "12h" or "7d"')
    return int(parts[1]) * INTERVAL_UNITS[parts[2]]


def clock_time(value: object) -> time:
    """A time of day as HH:MM:SS. Raises ValueError with a sentence."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not fullmatch(
        r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", value
    ):
        raise ValueError("must be a time of day as HH:MM:SS")
    return time.fromisoformat(value)


def _moment(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else _parse_time(value)
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be a time with its offset, like 2025-08-13T00:00:00Z")
    return moment.astimezone(UTC)


def _parse_time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


# Files beside the zones that load like one, and stand for no place.
NO_ZONES = frozenset({"localtime", "posixrules", "Factory", "leapseconds"})


def _zone(value: str) -> str:
    if not _is_zone(value):
        raise ValueError("must be an IANA time zone, like Europe/Berlin")
    return value


def _is_zone(name: str) -> bool:
    if name in NO_ZONES or name.startswith(("posix/", "right/")):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


Text = Annotated[str, AfterValidator(_plain)]
Name = Annotated[Text, Field(min_length=1, max_length=200)]
Rate = Annotated[int, Field(ge=1, le=3600)]
Interval = Annotated[timedelta, BeforeValidator(interval)]
ClockTime = Annotated[time, BeforeValidator(clock_time)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Zone = Annotated[str, AfterValidator(_zone)]


def validate(model: type[M], values: Mapping[str, object]) -> M:
    """The model of these values.

    Raises:
        WrongFields: with one phrase per fault, naming the field and never quoting its value.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise WrongFields(
            [name_place([*map(str, fault["loc"])], phrase(fault)) for fault in faults]
        ) from None
