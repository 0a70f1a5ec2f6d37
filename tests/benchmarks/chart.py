"""The chart: bars by hand, CPU per request on the left and requests per second on the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from textwrap import wrap

COLORS = {"outreach": "#2563eb", "single": "#60a5fa", "usual": "#d97706", "bare": "#9ca3af"}
LABELS = {
    "outreach": "Outreach",
    "single": "Outreach, single mails",
    "usual": "usual Celery application",
    "bare": "bare limit",
}
WIDTH, LEFT, PANEL, GAP, BAR = 980, 170, 330, 60, 13


@dataclass(frozen=True, slots=True)
class Bar:
    """One design in one case."""

    case: str
    design: str
    cpu_ms: float
    rate: float


def draw(bars: Sequence[Bar], note: str) -> str:
    """An SVG document."""
    highest = max(bar.cpu_ms for bar in bars), max(bar.rate for bar in bars)
    parts, y = _legend(), 70
    for case, members in groupby(bars, key=lambda bar: bar.case):
        parts.append(_text(LEFT - 10, y + 2 * BAR - 3, case, "end"))
        for bar in members:
            for column, (value, most) in enumerate(
                zip((bar.cpu_ms, bar.rate), highest, strict=True)
            ):
                parts += _bar(bar, column, y, value, most)
            y += BAR + 2
        y += 12
    for line in wrap(note, 150):
        parts.append(f'<g font-size="9" fill="#6b7280">{_text(10, y + 8, line)}</g>')
        y += 12
    style = 'font-family="system-ui, sans-serif" font-size="12" fill="#374151"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}" {style}>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _legend() -> list[str]:
    parts = []
    for number, (design, color) in enumerate(COLORS.items()):
        x = LEFT + number * 180
        parts.append(f'<rect x="{x}" y="14" width="12" height="12" fill="{color}"/>')
        parts.append(_text(x + 18, 24, LABELS[design]))
    parts.append(_text(LEFT, 54, "CPU ms per request, less is better"))
    parts.append(_text(LEFT + PANEL + GAP, 54, "requests per second, more is better"))
    return parts


def _bar(bar: Bar, column: int, y: int, value: float, most: float) -> list[str]:
    x, width = LEFT + column * (PANEL + GAP), max(1.0, value / most * PANEL)
    written = f"{value:,.0f}" if column else f"{value:.2f}"
    color = COLORS[bar.design]
    return [
        f'<rect x="{x}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{color}"/>',
        _text(x + width + 4, y + BAR - 2, written),
    ]


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'
