"""Printing of single values. Text from outside never moves the cursor, and a time is told in one zone."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import orjson

# They join letters, and hide or turn nothing.
JOINERS = frozenset("\u200c\u200d")


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


def printable(text: str) -> str:
    """The text without characters that steer a terminal, or turn the direction of what follows."""
    if text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else "�" for char in text)


def one_line(text: str) -> str:
    """The same where one line is meant: what somebody wrote never looks like a line of ours."""
    return printable(text).replace("\n", " ")


def escape(encoded: str) -> str:
    """JSON of the same meaning in which such characters stand as escapes."""
    if encoded.isprintable():
        return encoded
    return "".join(char if _is_harmless(char) else _escape(char) for char in encoded)


def _plain(value: object) -> str:
    return printable(value if isinstance(value, str) else orjson.dumps(value).decode())


def _below(value: object) -> str:
    """A value behind its name; its further lines are set in, or they would look like names."""
    return _plain(value).replace("\n", "\n  ")


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char == "\n" or char in JOINERS


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
