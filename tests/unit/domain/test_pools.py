"""The pool in a campaign's fields: read, refused in words, and what stands for it."""

import re
from typing import Any

import pytest

from worker.domain.contract.campaigns import CampaignFields, apply_changes, campaign_fields
from worker.domain.errors import WrongFields

FIRST, SECOND = "+15125550100", "+14155550100"
FIELDS = {"campaign_name": "reminder", "mode": "sms", "body": "Hello"}


def fields(**given: Any) -> CampaignFields:
    return campaign_fields(FIELDS | given)


def test_the_first_of_a_pool_stands_for_it() -> None:
    made = fields(pool=[{"source": FIRST, "weight": 3}, {"source": SECOND}])

    assert made.source == FIRST
    assert made.pool == (
        {"source": FIRST, "weight": 3},
        {"source": SECOND, "weight": 1},
    )


def test_a_campaign_of_one_source_is_what_it_was() -> None:
    made = fields(source=FIRST)

    assert (made.source, made.pool) == (FIRST, ())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "source: is missing"),
        ({"pool": []}, "source: is missing"),
        ({"pool": [{"weight": 1}]}, "pool: 0.source: is missing"),
        ({"pool": [{"source": FIRST, "weight": -1}]}, "pool: 0.weight: must be 0 or more"),
        ({"pool": [{"source": FIRST, "share": 1}]}, "pool: 0.share: there is no such field"),
        ({"pool": [{"source": FIRST}, {"source": "nobody@"}]}, "pool.1.source: must be a phone"),
        ({"pool": [{"source": FIRST}, {"source": FIRST}]}, "pool: 1.source: stands in the pool tw"),
        ({"pool": [{"source": FIRST, "weight": 0}]}, "pool: needs a source whose weight is not 0"),
        ({"pool": [{"source": FIRST}], "source": SECOND}, "source: must be one of the pool's"),
        ({"pool": [{"source": f"1{n:05}"} for n in range(501)]}, "pool: has at most 500 sources"),
        ({"pool": FIRST}, "pool: must be a list"),
    ],
)
def test_what_is_no_pool_is_refused_by_its_place(given: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongFields, match=re.escape(said)):
        fields(**given)


def test_another_pool_brings_its_own_first_source_unless_it_has_the_present_one() -> None:
    made = fields(pool=[{"source": FIRST}, {"source": SECOND}])

    assert apply_changes(made, {"pool": [{"source": SECOND}]}).source == SECOND
    assert apply_changes(made, {"pool": [{"source": SECOND}, {"source": FIRST}]}).source == FIRST
    without = apply_changes(made, {"pool": []})
    assert (without.source, without.pool) == (FIRST, ())


def test_a_pool_is_given_to_a_campaign_of_one_source() -> None:
    made = apply_changes(fields(source=FIRST), {"pool": [{"source": SECOND}]})

    assert (made.source, [one["source"] for one in made.pool]) == (SECOND, [SECOND])
