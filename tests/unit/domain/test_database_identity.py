"""Which databases are recognized."""

import json
from dataclasses import replace

import pytest

from worker.domain.database_identity import (
    Recognition,
    RememberedIdentity,
    Unreadable,
    differing,
    read_identity,
    recognize,
)

KNOWN = RememberedIdentity(system="71:5", timeline=1, position=1000)

CASES = {
    "a memory agrees": ([KNOWN], True, Recognition.KNOWN),
    "it has come further": ([replace(KNOWN, position=10)], True, Recognition.KNOWN),
    "an empty memory is refilled from one that agrees": ([None, KNOWN], True, Recognition.KNOWN),
    "nothing remembered, nothing attempted": ([None, None], False, Recognition.NEW),
    "nothing remembered, though it has attempted": ([None], True, Recognition.UNRECOGNIZED),
    "another cluster": ([replace(KNOWN, system="72:5")], True, Recognition.UNRECOGNIZED),
    "another timeline": ([replace(KNOWN, timeline=2)], True, Recognition.UNRECOGNIZED),
    "it went back in time": ([replace(KNOWN, position=1001)], True, Recognition.UNRECOGNIZED),
    "one memory of two differs": (
        [KNOWN, replace(KNOWN, timeline=2)],
        True,
        Recognition.UNRECOGNIZED,
    ),
    "another cluster without attempts": (
        [replace(KNOWN, system="72:5")],
        False,
        Recognition.UNRECOGNIZED,
    ),
}


@pytest.mark.parametrize(("memories", "has_attempts", "expected"), CASES.values(), ids=CASES)
def test_a_database_is_recognized_by_every_memory_of_it(
    memories: list[RememberedIdentity | None], has_attempts: bool, expected: Recognition
) -> None:
    assert recognize(KNOWN, memories, has_attempts=has_attempts) is expected


SAID = {
    "agrees": (KNOWN, None),
    "nothing": (None, "nothing is remembered, though it has called before"),
    "another": (replace(KNOWN, system="72:5"), "another database is remembered (72:5, this is 71:5)"),
    "another timeline": (replace(KNOWN, timeline=2), "timeline 2 is remembered, this is 1"),
    "further": (replace(KNOWN, position=1001), "it is 1 bytes behind what is remembered"),
}  # fmt: skip


@pytest.mark.parametrize(("memory", "said"), SAID.values(), ids=SAID)
def test_a_difference_is_told_in_words(memory: RememberedIdentity | None, said: str | None) -> None:
    assert differing(KNOWN, memory) == said


def test_what_is_remembered_is_read_as_it_was_spelled() -> None:
    assert read_identity(KNOWN.spelled().encode()) == KNOWN


DAMAGE = {
    "a missing field": {"system": "71:5", "timeline": 1},
    "another field": {"system": "71:5", "timeline": 1, "position": 1, "more": 1},
    "a text for a number": {"system": "71:5", "timeline": "1", "position": 1},
    "a truth for a number": {"system": "71:5", "timeline": True, "position": 1},
    "a fraction": {"system": "71:5", "timeline": 1, "position": 1.5},
    "nothing for a number": {"system": "71:5", "timeline": 1, "position": None},
    "a timeline that never is": {"system": "71:5", "timeline": 0, "position": 1},
    "a position before the first": {"system": "71:5", "timeline": 1, "position": -1},
    "a system that never is": {"system": "", "timeline": 1, "position": 1},
    "a number for the system": {"system": 71, "timeline": 1, "position": 1},
    "a list": [1],
}


@pytest.mark.parametrize("kept", DAMAGE.values(), ids=DAMAGE)
def test_what_we_would_not_have_written_is_not_read(kept: object) -> None:
    with pytest.raises(Unreadable):
        read_identity(json.dumps(kept).encode())


@pytest.mark.parametrize("kept", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_json_is_not_read(kept: bytes) -> None:
    with pytest.raises(Unreadable):
        read_identity(kept)
