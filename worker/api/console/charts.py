"""Charts are drawn here: numbers become coordinates, and the templates only place them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from worker.desk.batch_view import HourShown

HEIGHT = 40
TALL = 100
LABELS = 8
"""Hours that are named below a chart, at the most."""


def points(values: Sequence[int]) -> str:
    """The points of a line, one step to the right for each value; the largest reaches the top."""
    most = max(max(values, default=0), 1)
    return " ".join(f"{x},{HEIGHT - (HEIGHT - 2) * n / most:.1f}" for x, n in enumerate(values))


@dataclass(frozen=True, slots=True)
class Column:
    """One hour as it is drawn: heights out of 100, from the bottom: reached, missed, planned."""

    x: int
    hour: HourShown
    done: float
    missed: float
    planned: float
    label: str
    told: str


def columns(hours: Sequence[HourShown], zone: tzinfo) -> list[Column]:
    """The hours as columns; every so manieth is named, in this zone."""
    most = max((one.begun + one.planned for one in hours), default=0) or 1
    every = max(1, -(-len(hours) // LABELS))
    return [_column(x, one, 90 / most, zone, named=x % every == 0) for x, one in enumerate(hours)]


def _column(x: int, one: HourShown, scale: float, zone: tzinfo, *, named: bool) -> Column:
    at = one.at.astimezone(zone)
    return Column(
        x=x,
        hour=one,
        done=round(scale * (one.begun - one.missed), 2),
        missed=round(scale * one.missed, 2),
        planned=round(scale * one.planned, 2),
        label=f"{at:%H}" if named or one.is_now else "",
        told=f"{at:%H}:00: {one.begun:,} begun, {one.planned:,} planned"
        + (", closed" if one.closed else ""),
    )
