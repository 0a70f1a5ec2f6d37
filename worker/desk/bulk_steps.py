"""One step of a deed that is done to one after the other, each of which has a number that grows."""

from collections.abc import Callable, Sequence

from worker.domain.contract.bulk_deeds import Portion
from worker.domain.errors import Mistake
from worker.store.connect import Connection, StoreRefused, on_trial


def do_each(
    connection: Connection,
    numbers: Sequence[int],
    most: int,
    do: Callable[[Connection, int], bool],
) -> Portion:
    """Do it to each; whom it can't be done to any more is passed over, and what was begun there undone.

    `most`: so many were asked for; fewer were the last. `do` returns False where nothing was left to do.
    """
    done = sum(_try(connection, number, do) for number in numbers)
    after = str(numbers[-1]) if len(numbers) == most else None
    return Portion(after, done, len(numbers) - done)


def _try(connection: Connection, number: int, do: Callable[[Connection, int], bool]) -> bool:
    try:
        return on_trial(connection, do, number)
    except (Mistake, StoreRefused):
        return False
