"""A sample is drawn anew by every seed, alike for all workers of a run; no case is left out for good."""

import re
from pathlib import Path

from tests.sampling import TURNS, draw, has_turn

CASES = {"a::ways": [f"a::test[{way}]" for way in "pqrst"], "b::ways": ["b::x", "b::y"]}
COUNTS = {"a::ways": 2, "b::ways": 1}


def test_as_many_as_each_group_has_to_have_are_drawn() -> None:
    for seed in range(20):
        drawn = draw(CASES, COUNTS, seed)
        assert [len(drawn & set(names)) for names in CASES.values()] == [2, 1]


def test_a_group_that_has_fewer_is_drawn_whole() -> None:
    assert draw(CASES, {"a::ways": 9, "b::ways": 9}, 1) == {
        n for one in CASES.values() for n in one
    }


def test_the_same_seed_draws_the_same_in_whatever_order_the_cases_come() -> None:
    turned = {group: names[::-1] for group, names in CASES.items()}

    assert all(draw(CASES, COUNTS, seed) == draw(turned, COUNTS, seed) for seed in range(20))


def test_seeds_differ_until_every_case_has_been_drawn() -> None:
    drawn = set[str]().union(*(draw(CASES, COUNTS, seed) for seed in range(60)))

    assert drawn == {name for names in CASES.values() for name in names}


def test_seeds_in_a_row_run_every_file_that_takes_turns_once() -> None:
    files = (Path(__file__).parents[1] / "acceptance").glob("test_*.py")
    marks = [re.findall(r"mark\.turn\((\d)\)", one.read_text(encoding="utf-8")) for one in files]
    turns = [int(turn) for [turn] in filter(None, marks)]

    assert set(turns) == set(range(TURNS))
    for seed in range(4):
        ran = [sum(has_turn(one, seed + n) for n in range(TURNS)) for one in turns]
        assert set(ran) == {1}


def test_a_file_that_takes_no_turns_always_runs() -> None:
    assert all(has_turn(None, seed) for seed in range(4))
