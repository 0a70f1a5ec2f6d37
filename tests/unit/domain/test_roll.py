"""The roll proves after a failover that all that was begun is there, or an operator looks."""

import pytest

from worker.domain.database_identity import RememberedIdentity, carry_over, failed_over
from worker.domain.roll import FOR_GOOD, BegunCall, Member, prove, read_member

CALLS = (BegunCall("a", 2), BegunCall("b", 3))


def member(**said: object) -> Member:
    return Member(**({"uid": "1", "kind": "voice", "host": "h", "pid": 7, "on": 1} | said))  # type: ignore[arg-type]


def test_a_word_is_read_as_it_was_said() -> None:
    said = member(left=2, calls=CALLS, word=9)

    assert read_member(said.spelled()) == said


@pytest.mark.parametrize("kept", ["7", "[]", "{}", '{"uid": "1", "calls": [{}]}', "nothing"])
def test_another_release_s_word_is_none(kept: str) -> None:
    with pytest.raises(ValueError):
        read_member(kept)


@pytest.mark.parametrize("left", [2, FOR_GOOD])
def test_all_that_was_begun_and_is_there_is_proven(left: int) -> None:
    assert prove([member(left=left, calls=CALLS)], 2, {"a", "b"}).holds


@pytest.mark.parametrize("left", [0, 2, FOR_GOOD])
def test_what_was_begun_and_is_not_there_is_missing_whoever_says_so(left: int) -> None:
    proof = prove([member(left=left, calls=CALLS)], 2, {"a"})

    assert (proof.holds, proof.missing) == (False, 3)
    assert "3 attempts or more are missing" in str(proof)


@pytest.mark.parametrize("said", [{"left": 0}, {"left": 3}, {"left": 1}, {"on": 3}])
def test_who_has_not_left_for_this_timeline_leaves_it_open(said: dict[str, int]) -> None:
    proof = prove([member(**said, calls=CALLS)], 2, {"a", "b"})

    assert proof.unasked == ("voice on h (pid 7)",)
    assert not proof.holds


def test_who_came_on_the_new_timeline_or_stands_on_none_has_begun_nothing_before() -> None:
    assert prove([member(on=2, calls=CALLS), member(on=0)], 2, set()).holds


def test_who_sends_and_is_not_on_the_roll_leaves_it_open() -> None:
    assert not prove([], 2, set(), ["sms on old (pid 3)"]).holds


def test_a_memory_is_carried_to_what_was_accepted_after_it() -> None:
    old, other = RememberedIdentity("1:5", 1, 900), RememberedIdentity("1:5", 4, 70)

    carried = carry_over([old, None, other], {2: 1, 3: 2})

    assert carried == [RememberedIdentity("1:5", 3, 0), None, other]


@pytest.mark.parametrize(
    ("memories", "before"),
    [
        ([RememberedIdentity("1:5", 1, 9)], 1),
        ([RememberedIdentity("1:5", 1, 9), RememberedIdentity("1:5", 2, 9), None], 1),
        ([RememberedIdentity("1:5", 2, 9)], None),
        ([RememberedIdentity("1:5", 3, 9)], None),
        ([RememberedIdentity("1:5", 1, 9), RememberedIdentity("1:5", 3, 9)], None),
        ([RememberedIdentity("2:5", 1, 9)], None),
        ([None], None),
    ],
)
def test_only_a_later_timeline_of_the_same_database_has_failed_over(
    memories: list[RememberedIdentity | None], before: int | None
) -> None:
    assert failed_over(RememberedIdentity("1:5", 2, 0), memories) == before
