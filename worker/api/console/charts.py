"""Charts are drawn here: numbers become coordinates, and the templates only place them."""

from collections.abc import Sequence

HEIGHT = 40


def points(values: Sequence[int]) -> str:
    """The points of a line, one step to the right for each value; the largest reaches the top."""
    most = max(max(values, default=0), 1)
    return " ".join(f"{x},{HEIGHT - (HEIGHT - 2) * n / most:.1f}" for x, n in enumerate(values))
