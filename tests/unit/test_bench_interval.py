"""Between which values a median lies, as the bench of metrics tells it."""

from tests.benchmarks.metrics import interval


def test_the_interval_of_ten_pairs_leaves_out_the_lowest_and_the_highest() -> None:
    """Both lie on one side of the median with a chance of 1 in 512, two of each with 22 in 1024."""
    assert interval([float(n) for n in range(10)]) == (1.0, 8.0)


def test_of_few_pairs_nothing_is_left_out() -> None:
    assert interval([3.0, 1.0, 2.0]) == (1.0, 3.0)
