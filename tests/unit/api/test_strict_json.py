"""A body is read in exactly one way, or refused in a sentence that quotes nothing of it."""

import pytest

from worker.api.strict_json import DEEPEST, NotStrictJson, read_json


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * levels + closing * levels).encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": 1, "a": 2}', "one name twice"),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "one name twice"),
        (nested(DEEPEST + 1), "levels"),
        (nested(100), "levels"),
        (nested(100_000), "levels"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "levels"),
        (b'"a\\u0000b"', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'"\\ud800"', "half a character"),
        (b'[["\\udfff"]]', "half a character"),
        (b"9" * 1_000_000, "a number of more than"),
        (b"-1." + b"0" * 1_000_000, "a number of more than"),
        (b"NaN", "no JSON"),
        (b"[-Infinity]", "no JSON"),
        ('"é"'.encode("latin-1"), "UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (b"\x1f\x8b\x08\x00", "UTF-8"),
        (b"{'a': 1}", "is not JSON: see line 1, column 2"),
        (b"{} {}", "is not JSON"),
    ],
    ids=str,
)
def test_what_can_be_read_in_two_ways_or_none_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(NotStrictJson, match=said) as refused:
        read_json(body)

    assert "+1512" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (nested(DEEPEST), None),
        (b'{"a": [1, -2.5, true, null]}', {"a": [1, -2.5, True, None]}),
        (b'"\\u00e9 \\ud83d\\ude00 \\\\u0000"', "é 😀 \\u0000"),
        ('"é 😀"'.encode(), "é 😀"),
        (b"[" + b",".join([b"{}"] * 100) + b"]", [{}] * 100),
    ],
    ids=str,
)
def test_all_else_is_read_as_it_says(body: bytes, value: object) -> None:
    assert value is None or read_json(body) == value
    read_json(body)
