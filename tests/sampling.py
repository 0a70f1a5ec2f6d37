"""Of slow cases that are alike `--sample` runs a few, drawn anew by every run's seed.

`@pytest.mark.sampled` on a test with parameters runs one of its cases, `sampled(2)` two of them;
`sampled(of="ways")` draws from all tests of the file that say so.

Slow files take turns: `pytestmark = pytest.mark.turn(0)` runs with every third seed, `turn(1)` with the
next one, so that three seeds in a row run all of them, as in `.ci/run`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

import pytest

TURNS = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test` ask for a sample."""
    parser.addoption("--sample", action="store_true", help="of slow cases that are alike run a few")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not drawn or has no turn; every worker of a run draws the same."""
    if not config.getoption("sample"):
        return
    seed = config.getoption("randomly_seed", 0)
    alike, counts = _groups(items)
    left_out = {name for names in alike.values() for name in names} - draw(alike, counts, seed)
    left_out |= {one.nodeid for one in items if not has_turn(_turn(one), seed)}
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


def has_turn(turn: int | None, seed: int) -> bool:
    """Tell whether a file runs with this seed; one that takes no turns always does."""
    return turn is None or turn == seed % TURNS


def _turn(item: pytest.Item) -> int | None:
    mark = item.get_closest_marker("turn")
    return int(mark.args[0]) if mark else None


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
