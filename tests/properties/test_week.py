"""Random campaigns through weeks in which the clocks change: no rule is ever broken."""

from random import Random

import pytest

from tests.simulation.campaigns import random_case
from tests.simulation.fairness import small_batch_slowdown
from tests.simulation.judge import misled, rate_error, wrongly_late
from tests.simulation.week import play, violations


@pytest.mark.parametrize("auto", [False, True], ids=["rated", "auto-paced"])
@pytest.mark.parametrize("seed", range(6))
def test_a_week_of_random_campaigns_breaks_no_rule(seed: int, auto: bool) -> None:
    random = Random(seed)  # noqa: S311  a seeded simulation, no secret
    case = random_case(random, auto=auto)

    played = play(case, random)

    assert violations(case, played) == 0
    assert wrongly_late(case, played) == 0
    assert misled(case, played) == 0
    assert (rate_error(case, played) or 0.0) <= 0.01


def test_a_batch_of_a_million_starves_nobody() -> None:
    assert small_batch_slowdown() <= 2
