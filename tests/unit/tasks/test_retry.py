from collections.abc import Callable
from threading import Event

import pytest

from tasks.retry import retry_while_unavailable
from worker.runtime import StoreUnavailable

AWAY = StoreUnavailable("away")


def _fails(times: int, error: Exception = AWAY) -> tuple[Callable[[], None], list[int]]:
    """A step that fails so many times, and the tries it saw."""
    tries: list[int] = []

    def step() -> None:
        tries.append(1)
        if len(tries) <= times:
            raise error

    return step, tries


@pytest.mark.parametrize("error", [AWAY, KeyError(), MemoryError()], ids=repr)
def test_a_step_is_repeated_until_it_is_taken_whatever_it_raises(error: Exception) -> None:
    step, tries = _fails(2, error)
    give_back, given_back = _fails(0)

    retry_while_unavailable(step, give_back, tries=3, pause=0)

    assert (len(tries), len(given_back)) == (3, 0)


def test_what_is_never_taken_goes_back_so_that_others_get_their_turn() -> None:
    step, tries = _fails(99)
    give_back, given_back = _fails(0)

    retry_while_unavailable(step, give_back, tries=3, pause=0)

    assert (len(tries), len(given_back)) == (3, 1)


def test_what_does_not_go_back_either_is_tried_on() -> None:
    step, tries = _fails(7)
    give_back, given_back = _fails(99, OSError())

    retry_while_unavailable(step, give_back, tries=3, pause=0)

    assert (len(tries), len(given_back)) == (8, 2)


def test_whoever_is_asked_to_stop_gives_back_at_once() -> None:
    step, tries = _fails(99)
    give_back, given_back = _fails(1, OSError())
    stopping = Event()
    stopping.set()

    retry_while_unavailable(step, give_back, tries=3, pause=0, stopping=stopping)

    assert (len(tries), len(given_back)) == (2, 2)
