"""The READMEs, read: their blocks, their lines of commands, and what they name.

A block whose first line begins with `# by hand:` is run by no test: it needs more than a test has.
A block after "This is `name`" is a file of that name.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[1]
ROOMS = ("config", "tasks", "worker", "tests")
BY_HAND = "# by hand:"

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"This is `([\w.]+)`[^\n]*\n+ *\Z")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines between fences, and the file that they are, if the sentence before says so."""

    language: str
    text: str
    file: str | None

    @property
    def by_hand(self) -> bool:
        """Whether only a person can run it."""
        return self.text.startswith(BY_HAND)

    @property
    def commands(self) -> list[str]:
        """What is typed into a shell, line by line."""
        if self.language != "sh":
            return []
        return [line for line in self.text.splitlines() if line and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class Readme:
    """One of them; `name` is its path from the repository's root."""

    name: str

    @property
    def folder(self) -> Path:
        """Where its links start."""
        return (ROOT / self.name).parent

    @property
    def text(self) -> str:
        """All of it."""
        return (ROOT / self.name).read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """What stands outside of fences."""
        return _FENCED.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        """What stands inside, in order."""
        text = self.text
        return [
            Block(found[2], dedent(found[3]), _file_before(text[: found.start()]))
            for found in _FENCED.finditer(text)
        ]

    @property
    def links(self) -> list[str]:
        """Addresses of links that lead to a file or a heading."""
        return [one for one in _LINK.findall(self.prose) if not one.startswith("http")]

    @property
    def spans(self) -> list[str]:
        """Words of code in its sentences, each on one line."""
        return [" ".join(one.split()) for one in _SPAN.findall(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """Its headings, as links spell them."""
        return {
            re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in _HEADING.findall(self.prose)
        }


READMES = [
    Readme(path.relative_to(ROOT).as_posix())
    for path in (
        ROOT / "README.md",
        *sorted(path for room in ROOMS for path in (ROOT / room).rglob("README.md")),
    )
]


def commands() -> Iterator[tuple[Readme, Block, str]]:
    """Each line of a shell in each README, but for those by hand."""
    for readme in READMES:
        for block in readme.blocks:
            if not block.by_hand:
                yield from ((readme, block, line) for line in block.commands)


def words_of(line: str) -> list[str]:
    """A line as a shell splits it, without its comment."""
    return shlex.split(line, comments=True)


def codes(readme: str, language: str) -> list[str]:
    """The blocks of a README in a language."""
    return [block.text for block in Readme(readme).blocks if block.language == language]


def _file_before(text: str) -> str | None:
    paragraph = text[-400:]
    named = _NAMED.search(paragraph)
    return named[1] if named else None
