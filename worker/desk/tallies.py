"""Counts of the doors, brought to where those of all processes come together."""

from collections.abc import Mapping

from worker.store import tallies
from worker.store.connect import Engine, in_transaction


def add_tallies(engine: Engine, counted: Mapping[str, int]) -> None:
    """Add to the counts by name.

    Raises:
        StoreUnavailable: they were not added, or nobody knows.
    """
    in_transaction(engine, tallies.add, counted)
