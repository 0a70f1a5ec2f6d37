"""The operator's terminal: how wide it is, and in which zone times are told."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich.console import Console

from worker.cli.plain_text import one_line


class Screen(Console):
    """Standard output. Plain text is made harmless; below stands once what the lists above leave open."""

    def __init__(self, *, zone: tzinfo = UTC, wide: bool = False, **options: Any) -> None:  # noqa: ANN401  as rich has them
        super().__init__(markup=False, highlight=False, emoji=False, **options)
        self.zone = zone
        self.wide = wide
        self.tells_times = False
        self.left_out: list[str] = []

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401  as rich has them
        """Print; text is one line, and a list may be wider than the terminal where that was asked for."""
        safe = [one_line(one) if isinstance(one, str) else one for one in objects]
        super().print(*safe, **{"crop": False} | options)

    @property
    def zone_note(self) -> str:
        """In which zone times are told."""
        return f"Times are in {self.zone}."

    def note(self, shown: Iterable[object], left_out: Iterable[str] = ()) -> None:
        """Remember whether a time is among what is shown, and which columns are not."""
        self.tells_times |= any(isinstance(value, datetime) for value in shown)
        self.left_out += [name for name in left_out if name not in self.left_out]

    def print_notes(self) -> None:
        """Say in which zone the times were, if there were any, and what did not fit."""
        if self.tells_times:
            self.print(self.zone_note, style="dim")
        if self.left_out:
            names = ", ".join(self.left_out)
            self.print(f"Not shown: {names}; --wide or --json shows all.", style="dim")
        self.tells_times, self.left_out = False, []


def screen_of(console: Console) -> Screen:
    """This screen, or what stands for it where somebody else prints."""
    return console if isinstance(console, Screen) else Screen()
