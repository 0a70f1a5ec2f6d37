"""Segments of a text, which is what carriers count and providers charge for.

A text of the GSM alphabet has 160 septets, or 153 in each of several segments; with one character outside
it all of the text is UCS-2: 70 code units, or 67. What takes two units is never divided between segments.

3GPP TS 23.038, section 6.2.1; TS 23.040, section 9.2.3.24.1; https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""These take two septets, the first of which is an escape."""
WITHIN = ALPHABET | EXTENSION


class Encoding(StrEnum):
    """The encoding of all of a text."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


ALONE: dict[Encoding, int] = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
"""Units of a text that is one segment."""
JOINED: dict[Encoding, int] = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}
"""Units of each segment of several, which begin with a header."""


@dataclass(frozen=True, slots=True)
class Segmented:
    """A text as it is charged: its segments, and how many without the characters outside the alphabet."""

    segments: int
    encoding: Encoding
    outside: tuple[str, ...] = ()
    """The characters for which it is UCS-2, each once, in their order."""
    otherwise: int = 0
    """The segments, were each of those one of the alphabet."""

    @property
    def avoidable(self) -> bool:
        """Return whether it costs more for the characters outside, and they are not what it is written in."""
        return self.segments > self.otherwise > 0

    def describe(self) -> str:
        """Return one sentence: how many, in which encoding, and why more than need be."""
        many = "segment" if self.segments == 1 else "segments"
        said = f"{self.segments} {many} ({self.encoding})"
        if not self.avoidable:
            return said
        return f"{said} instead of {self.otherwise}, for {name_characters(self.outside)}"


def count_segments(body: str) -> Segmented:
    """Count the segments of a text; an empty one is charged as one."""
    used = set(body)
    outside = used - WITHIN
    if not outside:
        return Segmented(_septet_segments(body, used), Encoding.GSM_7)
    segments = _fill(_code_units(body), Encoding.UCS_2)
    foreign = sum(one in outside for one in body)
    ordered = tuple(one for one in dict.fromkeys(body) if one in outside)
    if 2 * foreign > len(body):  # a script of its own: there is nothing to leave out
        return Segmented(segments, Encoding.UCS_2, ordered)
    replaced = "".join("?" if one in outside else one for one in body)
    return Segmented(
        segments, Encoding.UCS_2, ordered, _septet_segments(replaced, used & EXTENSION)
    )


NAMED = 5
"""Characters that a sentence names."""


def name_characters(characters: tuple[str, ...]) -> str:
    """Return the first of them as an author can find them, those that can't be seen included."""
    named = ", ".join(map(_name, characters[:NAMED]))
    rest = len(characters) - NAMED
    return f"{named} and {rest} others" if rest > 0 else named


def _name(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"{character!r} (U+{ord(character):04X}{' ' if name else ''}{name})"


def _septet_segments(body: str, used: set[str] | frozenset[str]) -> int:
    if not used & EXTENSION:
        return _count_even(len(body), Encoding.GSM_7)
    return _fill([2 if one in EXTENSION else 1 for one in body], Encoding.GSM_7)


def _code_units(body: str) -> list[int]:
    return [2 if ord(one) > 0xFFFF else 1 for one in body]


def _count_even(units: int, encoding: Encoding) -> int:
    """The segments of characters that take one unit each."""
    return 1 if units <= ALONE[encoding] else -(-units // JOINED[encoding])


def _fill(sizes: list[int], encoding: Encoding) -> int:
    """Put characters of these sizes into segments, none of them divided."""
    if sum(sizes) <= ALONE[encoding]:
        return 1
    segments, filled = 1, 0
    for size in sizes:
        if filled + size > JOINED[encoding]:
            segments, filled = segments + 1, 0
        filled += size
    return segments
