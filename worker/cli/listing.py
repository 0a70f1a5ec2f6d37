"""A list that fits its terminal: words are cut or broken between words, ids never.

What does not fit is left out from the right, so that columns stand in the order of their weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from worker.cli.cells import line_cell, short_cell, time_of_day
from worker.cli.screen import Screen, screen_of

GAP = "  "
NARROWEST = 16
"""To how many places a column of words may shrink."""
LONGEST_WORD = 40
"""Which words are kept whole where lines are broken between words: ids are of use only whole."""
WORDS = frozenset(
    {
        "campaign_name",
        "error_message",
        "found",
        "last_updated_by",
        "next step",
        "payload",
        "reason",
        "source",
        "upload_filename",
        "what",
        "what to do",
        "why",
    }
)
"""Columns of words; all others hold ids, numbers, states and times, which are of use only whole."""


@dataclass(slots=True)
class ListingRow:
    """One row as it came, and how it looks."""

    values: Sequence[object]
    style: str | None


@dataclass(slots=True)
class Shown:
    """A column as it is laid out: its cells, its width in places, and the least it can have."""

    name: str
    values: Sequence[object]
    cells: list[str]
    width: int
    least: int
    right: bool

    @property
    def heading(self) -> list[str]:
        """Its name, on as many lines as its cells are narrow."""
        return break_name(self.name, self.width)


@dataclass(slots=True)
class Listing:
    """Rows under names.

    `breaks`: words go on in the next line, rather than being cut. `by_day`: the first column is a time,
    shown within its day, each day above its rows.
    """

    title: str | None
    columns: Sequence[str]
    breaks: bool = False
    by_day: bool = False
    rows: list[ListingRow] = field(default_factory=list)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay it out for this terminal."""
        here = screen_of(console)
        columns = self._columns(here)
        kept = columns if here.wide else fit_columns(columns, options.max_width)
        shown = (value for column in kept for value in column.values)
        here.note(shown, [column.name for column in columns[len(kept) :]])
        if self.title:
            yield Text(self.title, style="bold")
        yield from _heading(kept)
        yield from self._body(kept, here.zone)
        if not self.rows:
            yield Text("none", style="dim")

    def _body(self, kept: Sequence[Shown], zone: tzinfo) -> RenderResult:
        day: date | None = None
        for at, row in enumerate(self.rows):
            if self.by_day and day != (day := _day(row.values[0], zone)):
                yield Text(f"{day}", style="dim")
            yield from self._lines(kept, at, row.style)

    def _columns(self, here: Screen) -> list[Shown]:
        write = line_cell if here.wide else short_cell
        writers = [time_of_day if self.by_day else write, *[write] * (len(self.columns) - 1)]
        made = []
        for place, (name, writer) in enumerate(zip(self.columns, writers, strict=True)):
            values = [row.values[place] for row in self.rows]
            cells = [writer(value, here.zone) for value in values]
            if any(cells) or not self.rows:
                made.append(self._laid_out(name, values, cells))
        return made

    def _laid_out(self, name: str, values: Sequence[object], cells: list[str]) -> Shown:
        parts = max(map(len, break_name(name, 1)))
        width = max(max(map(cell_len, cells), default=0), parts, min(len(name), 9))
        words = (word for text in cells for word in text.split(" ")) if self.breaks else ()
        narrow = max(min(max(map(cell_len, words), default=0), LONGEST_WORD), NARROWEST, parts)
        right = bool(values) and all(isinstance(value, int | None) for value in values)
        return Shown(
            name, values, cells, width, min(width, narrow) if name in WORDS else width, right
        )

    def _lines(self, kept: Sequence[Shown], at: int, style: str | None) -> RenderResult:
        parts = [self._parts(one.cells[at], one) for one in kept]
        for line in range(max(map(len, parts), default=0)):
            told = [part[line] if line < len(part) else "" for part in parts]
            yield _line(told, kept, style)

    def _parts(self, text: str, column: Shown) -> list[str]:
        if cell_len(text) <= column.width:
            return [text]
        return wrap_text(text, column.width) if self.breaks else [cut(text, column.width)]


def fit_columns(columns: Sequence[Shown], width: int) -> list[Shown]:
    """The columns that fit: words shrink, then what stands to the right goes; the first one stays."""
    kept = list(columns)
    while len(kept) > 1 and _least(kept) > width:
        kept.pop()
    for column in sorted(kept, key=lambda one: one.least - one.width):
        excess = max(0, _total(kept) - width)
        column.width = max(column.least, column.width - excess)
    return kept


def break_name(name: str, width: int) -> list[str]:
    """A name broken behind underscores and between words, into lines of at most this width if it can be."""
    lines = [""]
    for part in name.replace("_", "_\n").replace(" ", " \n").split("\n"):
        if lines[-1] and len((lines[-1] + part).rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def wrap_text(text: str, width: int) -> list[str]:
    """The text on lines, broken between words; a word longer than a line is broken too."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and cell_len(f"{lines[-1]} {word}") > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
        while cell_len(lines[-1]) > width:
            head = set_cell_size(lines[-1], width)
            lines[-1:] = [head, lines[-1][len(head) :]]
    return lines


def cut(text: str, width: int) -> str:
    """The beginning of a text, with a sign that there is more."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _total(columns: Sequence[Shown]) -> int:
    return sum(column.width for column in columns) + len(GAP) * (len(columns) - 1)


def _least(columns: Sequence[Shown]) -> int:
    return sum(column.least for column in columns) + len(GAP) * (len(columns) - 1)


def _heading(kept: Sequence[Shown]) -> RenderResult:
    height = max((len(one.heading) for one in kept), default=0)
    for line in range(height):
        lines = [[""] * (height - len(one.heading)) + one.heading for one in kept]
        yield _line([names[line] for names in lines], kept, "dim")
    yield Text("─" * _total(kept), style="dim", no_wrap=True, overflow="ignore")


def _line(told: Sequence[str], kept: Sequence[Shown], style: str | None) -> Text:
    padded = [_pad(text, one) for text, one in zip(told, kept, strict=True)]
    return Text(GAP.join(padded).rstrip(), style=style or "", no_wrap=True, overflow="ignore")


def _pad(text: str, column: Shown) -> str:
    space = " " * (column.width - cell_len(text))
    return space + text if column.right else text + space


def _day(at: object, zone: tzinfo) -> date:
    assert isinstance(at, datetime)
    return at.astimezone(zone).date()
