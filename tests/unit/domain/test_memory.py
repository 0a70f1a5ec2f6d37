"""Which databases are recognized."""

from dataclasses import replace

import pytest

from worker.domain.memory import Recognition, Remembered, recognize

KNOWN = Remembered(system="71:5", timeline=1, position=1000)

CASES = {
    "a memory agrees": ([KNOWN], True, Recognition.KNOWN),
    "it has come further": ([replace(KNOWN, position=10)], True, Recognition.KNOWN),
    "an empty memory is refilled from one that agrees": ([None, KNOWN], True, Recognition.KNOWN),
    "nothing remembered, nothing attempted": ([None, None], False, Recognition.NEW),
    "nothing remembered, though it has attempted": ([None], True, Recognition.STRANGER),
    "another cluster": ([replace(KNOWN, system="72:5")], True, Recognition.STRANGER),
    "another timeline": ([replace(KNOWN, timeline=2)], True, Recognition.STRANGER),
    "it went back in time": ([replace(KNOWN, position=1001)], True, Recognition.STRANGER),
    "one memory of two differs": ([KNOWN, replace(KNOWN, timeline=2)], True, Recognition.STRANGER),
    "another cluster without attempts": (
        [replace(KNOWN, system="72:5")],
        False,
        Recognition.STRANGER,
    ),
}


@pytest.mark.parametrize(("memories", "has_attempts", "expected"), CASES.values(), ids=CASES)
def test_a_database_is_recognized_by_every_memory_of_it(
    memories: list[Remembered | None], has_attempts: bool, expected: Recognition
) -> None:
    assert recognize(KNOWN, memories, has_attempts=has_attempts) is expected
