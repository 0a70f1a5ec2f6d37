"""From which of a pool's sources somebody is contacted: by weight, from close by, and always the same."""

from collections import Counter

import pytest

from worker.domain.recipients.source_choice import SourcePool, WeightedSource, is_local, pool_of

PEOPLE = [f"+1305555{number:04}" for number in range(4_000)]
"""In an area code that no pool here has."""


def pool(**weights: int) -> SourcePool:
    return SourcePool(
        tuple(WeightedSource(f"+1{area[1:]}5550100", weight) for area, weight in weights.items())
    )


def test_each_source_has_the_share_of_its_weight() -> None:
    chosen = Counter(pool(a512=1, a415=2, a212=7).choose(person) for person in PEOPLE)

    shares = {source: n / len(PEOPLE) for source, n in chosen.items()}
    assert shares == pytest.approx(
        {"+15125550100": 0.1, "+14155550100": 0.2, "+12125550100": 0.7}, abs=0.03
    )


def test_a_source_that_is_added_takes_its_share_and_moves_nobody_else() -> None:
    before, after = pool(a512=1, a415=1), pool(a512=1, a415=1, a212=2)
    moved = [one for one in PEOPLE if after.choose(one) != before.choose(one)]

    assert {after.choose(one) for one in moved} == {"+12125550100"}
    assert len(moved) / len(PEOPLE) == pytest.approx(0.5, abs=0.03)


def test_the_order_of_a_pool_means_nothing() -> None:
    assert all(
        pool(a512=1, a415=2).choose(one) == pool(a415=2, a512=1).choose(one) for one in PEOPLE[:99]
    )


def test_somebody_close_to_a_source_has_it_whatever_it_weighs() -> None:
    neighbours = [f"+1512555{number:04}" for number in range(200)]

    assert {pool(a512=1, a415=999).choose(one) for one in neighbours} == {"+15125550100"}


def test_of_several_close_by_the_weights_decide() -> None:
    near = SourcePool(
        (
            WeightedSource("+15125550100", 3),
            WeightedSource("+15125550101", 1),
            WeightedSource("+14155550100", 96),
        )
    )
    chosen = Counter(near.choose(f"+1512555{number:04}") for number in range(2_000))

    assert chosen["+15125550100"] / 2_000 == pytest.approx(0.75, abs=0.05)
    assert chosen["+14155550100"] == 0


@pytest.mark.parametrize(
    ("source", "address", "local"),
    [
        ("+15125550100", "+15125550142", True),
        ("+15125550100", "+14155550142", False),
        ("+18005550100", "+15125550142", False),
        ("+442071838750", "+447400123456", True),
        ("+442071838750", "+493012345678", False),
        ("+4930123456", "+493012345678", True),
        ("+77172123456", "+77011234567", True),
        ("+74951234567", "+77011234567", False),
        ("MG" + "0" * 32, "+15125550142", False),
        ("12345", "+15125550142", False),
        ("a@example.com", "b@example.com", False),
    ],
)
def test_close_by_is_an_area_code_in_north_america_and_a_country_elsewhere(
    source: str, address: str, local: bool
) -> None:
    assert is_local(source, address) is local


def test_what_rests_and_what_weighs_nothing_takes_nobody_new() -> None:
    members = pool(a512=1, a415=1, a212=0)
    taken = {members.choose(one, resting={"+15125550100"}) for one in PEOPLE[:200]}

    assert taken == {"+14155550100"}
    assert members.choose("+15125550142", resting={"+15125550100"}) == "+14155550100"
    assert members.choose(PEOPLE[0], resting={"+15125550100", "+14155550100"}) is None


def test_no_pool_is_none() -> None:
    assert pool_of([]) is None
    assert pool_of([{"source": "a@example.com", "weight": 2}]) == SourcePool(
        (WeightedSource("a@example.com", 2),)
    )
