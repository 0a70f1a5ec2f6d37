"""Reading a delivery of events one by one, so that one nobody can read costs its neighbours nothing."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class UnreadableEvent:
    """An event that could not be read, whole; every byte or character that text can't hold is escaped."""

    text: str


SEVERAL = 1_000
"""How many elements that are no events are told one by one."""

# Where the next event begins, after one that can't be read: inside a string the quote is escaped.
_NEXT = re.compile(r"\}\s*,\s*(?=\{\s*\")")
_GAP = re.compile(r"[\s,]*")
_READER = json.JSONDecoder(strict=False)


def read_array(body: bytes) -> Iterator[Event | UnreadableEvent]:
    """The elements of a JSON array of objects, or of one object that stands alone, in their order.

    What is no JSON is read as far as it can be: NaN, control characters, bytes that are no UTF-8. Of what
    is no event so many are told one by one, and the others in one piece: a million of them are no delivery.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        yield from _read_piecemeal(body.decode("utf-8", "surrogateescape"))
        return
    others = []
    for element in parsed if isinstance(parsed, list) else [parsed]:
        if isinstance(element, dict) and element:
            yield element
        else:
            others.append(element)
    yield from map(unread, others[:SEVERAL])
    if len(others) > SEVERAL:
        yield unread(others[SEVERAL:])


def _read_piecemeal(text: str) -> Iterator[Event | UnreadableEvent]:
    stripped = text.strip().removeprefix("[").removesuffix("]")
    at = _skip_gap(stripped, 0)
    if at == len(stripped):
        yield UnreadableEvent(_escape(text))
    unreadable = 0
    while at < len(stripped) and unreadable < SEVERAL:
        element, at = _read_one(stripped, at)
        unreadable += isinstance(element, UnreadableEvent)
        yield element
        at = _skip_gap(stripped, at)
    if at < len(stripped):
        yield UnreadableEvent(_escape(stripped[at:]))


def _read_one(text: str, at: int) -> tuple[Event | UnreadableEvent, int]:
    """An element and where it ends."""
    try:
        element, end = _READER.raw_decode(text, at)
    except (ValueError, RecursionError):  # a ValueError too where a number has thousands of digits
        following = _NEXT.search(text, at)
        end = following.start() + 1 if following else len(text)
        return UnreadableEvent(_escape(text[at:end])), end
    return (element if isinstance(element, dict) and element else unread(element)), end


def _skip_gap(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def unread(element: object) -> UnreadableEvent:
    """An element that is JSON and still can't be read as an event."""
    try:
        return UnreadableEvent(json.dumps(element))
    except RecursionError:  # a thousand brackets in brackets
        return UnreadableEvent(_flatten(element))


def _flatten(element: object) -> str:
    """Its names and values in their order, without the brackets."""
    words, left = [], [element]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += reversed([part for pair in one.items() for part in pair])
        elif isinstance(one, list):
            left += reversed(one)
        else:
            words.append(json.dumps(one))
    return " ".join(words)


def _escape(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\u0000")
