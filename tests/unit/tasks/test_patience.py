from collections.abc import Callable

import pytest

from tasks.patience import patiently
from worker.runtime import StoreUnavailable


def _back_after(failures: int) -> tuple[Callable[[], str], list[int]]:
    """A step that fails so many times, and the tries it saw."""
    tries: list[int] = []

    def step() -> str:
        tries.append(1)
        if len(tries) <= failures:
            raise StoreUnavailable("away")
        return "done"

    return step, tries


def test_a_step_is_repeated_until_the_database_is_back() -> None:
    step, tries = _back_after(2)

    assert patiently(step, tries=3, pause=0) == "done"
    assert len(tries) == 3


def test_patience_ends() -> None:
    step, tries = _back_after(9)

    with pytest.raises(StoreUnavailable):
        patiently(step, tries=3, pause=0)

    assert len(tries) == 3


def test_another_fault_is_not_waited_for() -> None:
    def step() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        patiently(step, tries=3, pause=0)
