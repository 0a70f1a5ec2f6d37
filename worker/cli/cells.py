"""Printing of single values. Text from outside never moves the cursor, and a time is told in one zone."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import orjson

from worker.cli.plain_text import one_line, printable


def cell(value: object, zone: tzinfo = UTC) -> str:
    """A value as a screen shows it, an object one name below the other."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "\n".join(f"{one_line(str(name))}: {_below(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return printable(str(value))


def line_cell(value: object, zone: tzinfo = UTC) -> str:
    """The same on one line."""
    return cell(value, zone).replace("\n", " ")


def short_cell(value: object, zone: tzinfo = UTC) -> str:
    """The same on one line, a time to the minute."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    return line_cell(value, zone)


def time_of_day(value: object, zone: tzinfo = UTC) -> str:
    """A time within its day, to the millisecond."""
    assert isinstance(value, datetime)
    return f"{value.astimezone(zone):%H:%M:%S.%f}"[:-3]


def _plain(value: object) -> str:
    return printable(value if isinstance(value, str) else orjson.dumps(value).decode())


def _below(value: object) -> str:
    """A value behind its name; its further lines are set in, or they would look like names."""
    return _plain(value).replace("\n", "\n  ")
