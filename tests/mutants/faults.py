"""The faults as data: one file of `ROOM.toml` for each part of the house.

A fault is what it breaks, a piece of text that stands exactly once in its file, and what takes its place.
`explained` says, by the same words, why no test can see one.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROOMS = tuple(sorted(file.stem for file in HERE.glob("*.toml")))


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `promise`: what holds no more; `why`: the reason why no test sees it, where none can."""

    path: str
    promise: str
    old: str
    new: str
    why: str | None

    def applied(self, text: str) -> str:
        """The text of its file with the fault in it.

        Raises:
            ValueError: the code has changed; the fault must too.
        """
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.path}: {self.promise!r} stands there {found} times, not once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Part:
    """The faults of one file, and the tests that must see them."""

    path: str
    tests: Sequence[str]
    faults: Sequence[Fault]


def read_room(room: str) -> list[Part]:
    """Every fault of a room, file by file."""
    written = tomllib.loads((HERE / f"{room}.toml").read_text(encoding="utf-8"))
    return [_part(**part) for part in written["file"]]


def _part(
    path: str,
    tests: Sequence[str],
    faults: Sequence[tuple[str, str, str]],
    explained: Mapping[str, str] | None = None,
) -> Part:
    why = explained or {}
    made = [Fault(path, promise, old, new, why.get(promise)) for promise, old, new in faults]
    return Part(path, tests, made)
