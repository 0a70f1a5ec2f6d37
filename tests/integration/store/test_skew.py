"""Two clocks that differ are told, and the way to the database is not taken for a difference."""

import time
from collections.abc import Callable
from itertools import count

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from worker.desk.database import examine_clocks
from worker.dispatch.clock_skew import tell_skew
from worker.store.server import read_skew


@pytest.mark.parametrize("off", [-600.0, -5.0, 5.0, 600.0])
def test_the_difference_is_measured(engine: Engine, off: float) -> None:
    assert read_skew(engine, lambda: time.time() + off) == pytest.approx(off, abs=0.9)


def test_clocks_that_agree_are_well(engine: Engine) -> None:
    assert abs(read_skew(engine)) < 0.1
    assert examine_clocks(engine).well


def test_a_long_way_to_the_database_is_no_difference(engine: Engine) -> None:
    assert read_skew(engine, slow()) == 0.0


@pytest.mark.parametrize(("off", "told"), [(600.0, 1), (-600.0, 1), (0.0, 0)])
def test_a_difference_is_warned_of(engine: Engine, off: float, told: int) -> None:
    with capture_logs() as logs:
        tell_skew(engine, lambda: time.time() + off)

    assert [one["event"] for one in logs] == ["clocks_apart"] * told


def slow() -> Callable[[], float]:
    """As if the question took two seconds there and two back."""
    began, steps = time.time() - 2, count()
    return lambda: began + 4 * next(steps)
