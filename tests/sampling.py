"""Of slow cases that are alike `--sample` runs a few, drawn anew by every run's seed.

`@pytest.mark.sampled` on a test with parameters runs one of its cases, `sampled(2)` two of them;
`sampled(of="ways")` draws from all tests of the file that say so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test` ask for a sample."""
    parser.addoption("--sample", action="store_true", help="of slow cases that are alike run a few")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not drawn; every worker of a run draws the same."""
    if not config.getoption("sample"):
        return
    alike, counts = _groups(items)
    drawn = draw(alike, counts, config.getoption("randomly_seed", 0))
    left_out = {name for names in alike.values() for name in names} - drawn
    config.hook.pytest_deselected(items=[one for one in items if one.nodeid in left_out])
    items[:] = [one for one in items if one.nodeid not in left_out]


def draw(
    alike: Mapping[str, Sequence[str]], counts: Mapping[str, int], seed: int | str
) -> set[str]:
    """Draw the names to run, as many of each group as it has to have; by the seed and nothing else."""
    drawn: set[str] = set()
    for group, names in alike.items():
        enough = min(counts[group], len(names))
        drawn.update(Random(f"{seed} {group}").sample(sorted(names), enough))  # noqa: S311  no secret
    return drawn


def _groups(items: Sequence[pytest.Item]) -> tuple[dict[str, list[str]], dict[str, int]]:
    alike: dict[str, list[str]] = defaultdict(list)
    counts: dict[str, int] = {}
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            file, _, test = item.nodeid.partition("::")
            group = f"{file}::{mark.kwargs.get('of') or test.partition('[')[0]}"
            alike[group].append(item.nodeid)
            counts[group] = next(iter(mark.args), 1)
    return alike, counts
