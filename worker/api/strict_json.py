"""JSON as this door takes it: what a lenient reader would guess at is refused in a sentence."""

import json
from collections.abc import Iterator, Mapping, Sequence
from re import search

DEEPEST = 32
"""Levels of lists and objects in one another; what we take has four."""
LONGEST_NUMBER = 40
"""Characters; beyond, reading a number costs more than any of ours is worth."""


class NotStrictJson(ValueError):
    """A body that can't be read in exactly one way; its text quotes nothing of it."""


def read_json(raw: bytes) -> object:
    """The value in a body.

    Raises:
        NotStrictJson: it is no UTF-8, no JSON, has a name twice, is too deep, or holds a number too long,
            one that is none, a NUL or half a character.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_doubles,
            parse_int=_short_int,
            parse_float=_short_float,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError:
        raise NotStrictJson("must be JSON in UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotStrictJson(f"is not JSON: see {where}") from None
    except RecursionError:
        raise _too_deep() from None
    _look_through(raw, value)
    return value


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotStrictJson("has an object with one name twice")
    return found


def _short_int(digits: str) -> int:
    return int(_short(digits))


def _short_float(digits: str) -> float:
    return float(_short(digits))


def _short(digits: str) -> str:
    if len(digits) > LONGEST_NUMBER:
        raise NotStrictJson(f"has a number of more than {LONGEST_NUMBER} characters")
    return digits


def _no_constant(_: str) -> object:
    raise NotStrictJson("has NaN or Infinity, which are no JSON")


def _too_deep() -> NotStrictJson:
    return NotStrictJson(f"has more than {DEEPEST} levels")


def _look_through(raw: bytes, value: object) -> None:
    """Most bodies can't hold what is looked for, by their bytes alone."""
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:
        _refuse_depth(value)
    if b"\\u" in raw and any(search("[\x00\ud800-\udfff]", text) for text in _texts(value)):
        raise NotStrictJson("has a NUL or half a character in a text")


def _refuse_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise _too_deep()


def _inside(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return [inner for inner in value.values() if isinstance(inner, list | dict)]
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, list | dict)]
    return ()


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case dict(fields):
                waiting += [*fields, *fields.values()]
            case list(items):
                waiting += items
            case _:
                pass
