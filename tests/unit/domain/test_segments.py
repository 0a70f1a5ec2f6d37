"""Segments as carriers count them, by a published set of examples.

The examples are those of Twilio's own calculator:
https://github.com/TwilioDevEd/message-segment-calculator, tests/index.test.js.
"""

import pytest

from worker.domain.content.segments import (
    ALPHABET,
    EXTENSION,
    Encoding,
    count_segments,
    name_characters,
)

GSM, UCS = Encoding.GSM_7, Encoding.UCS_2


def digits(length: int) -> str:
    return ("1234567890" * (length // 10 + 1))[:length]


def after(beginning: str, length: int) -> str:
    return beginning + digits(length)


PUBLISHED: dict[str, tuple[str, Encoding, int]] = {
    "GSM-7 in one segment": (digits(160), GSM, 1),
    "GSM-7 in two segments": (digits(161), GSM, 2),
    "GSM-7 in three segments": (digits(307), GSM, 3),
    "UCS-2 in one segment": (after("😜", 68), UCS, 1),
    "UCS-2 in two segments": (after("😜", 69), UCS, 2),
    "UCS-2 in three segments": (after("😜", 133), UCS, 3),
    "a flag of two code points in one": (after("🇮🇹", 66), UCS, 1),
    "a flag of two code points in two": (after("🇮🇹", 67), UCS, 2),
    "a flag of many code points in one": (after("🏳️‍🌈", 64), UCS, 1),
    "a flag of many code points in two": (after("🏳️‍🌈", 65), UCS, 2),
    "brackets beside an emoji in one": ("😀" + "]" * 68, UCS, 1),
    "brackets beside an emoji in two": ("😀" + "]" * 69, UCS, 2),
    "accents upon accents in one": ("e\u0301\u0301\u0301" + "a" * 66, UCS, 1),
    "accents upon accents in two": ("e\u0301\u0301\u0301" + "a" * 67, UCS, 2),
}
for escaped in "|^€{}[]~\\":
    PUBLISHED[f"escaped {escaped} in one"] = (after(escaped, 158), GSM, 1)
    PUBLISHED[f"escaped {escaped} in two"] = (after(escaped, 159), GSM, 2)
for letter in "ÁÚúçíÍóÓ":
    PUBLISHED[f"70 times {letter}"] = (letter * 70, UCS, 1)
    PUBLISHED[f"71 times {letter}"] = (letter * 71, UCS, 2)


@pytest.mark.parametrize(("body", "encoding", "segments"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_examples_are_counted_as_published(
    body: str, encoding: Encoding, segments: int
) -> None:
    counted = count_segments(body)

    assert (counted.encoding, counted.segments) == (encoding, segments)


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("a" * 152 + "€" + "a" * 8, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # 306 septets, and the escape must not be the 153rd
        ("á" * 66 + "😀" + "a" * 65, 2),
        ("á" * 66 + "😀" + "a" * 66, 3),  # 134 units, and the pair must not be divided
        ("", 1),
    ],
)
def test_what_takes_two_units_is_not_divided(body: str, segments: int) -> None:
    assert count_segments(body).segments == segments


def test_the_alphabet_has_as_many_characters_as_the_standard_says() -> None:
    # 128 septets, of which one is the escape; and ten that follow it.
    assert (len(ALPHABET), len(EXTENSION)) == (127, 10)
    assert not ALPHABET & EXTENSION


def test_one_character_that_costs_more_is_named() -> None:
    counted = count_segments("It\u2019s time" + "." * 70)

    assert counted.describe() == (
        "2 segments (UCS-2) instead of 1, for '\u2019' (U+2019 RIGHT SINGLE QUOTATION MARK)"
    )


def test_one_that_can_not_be_seen_is_named_too() -> None:
    assert name_characters(("\u00a0", "\u200b")) == (
        "'\\xa0' (U+00A0 NO-BREAK SPACE), '\\u200b' (U+200B ZERO WIDTH SPACE)"
    )


@pytest.mark.parametrize(
    "body",
    ["It\u2019s time", "a" * 200, "Przypominamy", "визит " * 20, "€" * 70],
    ids=["short", "long", "plain", "another script", "of the alphabet"],
)
def test_what_costs_no_more_is_not_warned_of(body: str) -> None:
    assert not count_segments(body).avoidable
