"""Every fault can still be put into the code: exactly once, and it changes something."""

import ast
from collections import Counter

import pytest

from tests.mutants.faults import ROOMS, ROOT, Part, read_room

PARTS = {f"{room}-{part.path}": part for room in ROOMS for part in read_room(room)}
FEWEST = 150


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_each_fault_applies_once_and_leaves_a_program(part: Part) -> None:
    text = (ROOT / part.path).read_text(encoding="utf-8")
    for fault in part.faults:
        changed = fault.applied(text)
        assert changed != text, fault.promise
        if part.path.endswith(".py"):
            ast.parse(changed)
    for tests in part.tests:
        assert (ROOT / tests).exists()


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    named = Counter((part.path, fault.promise) for part in PARTS.values() for fault in part.faults)

    assert len(named) >= FEWEST
    assert max(named.values()) == 1
