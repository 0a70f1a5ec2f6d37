"""What the doors counted, brought to where all processes' counts come together."""

from collections.abc import Mapping

from worker.store import tallies
from worker.store.connect import Engine, in_transaction


def add_tallies(engine: Engine, counted: Mapping[str, int]) -> None:
    """Add to the counts by name.

    Raises:
        StoreUnavailable: they were not added, or nobody knows.
    """
    in_transaction(engine, tallies.add, counted)
