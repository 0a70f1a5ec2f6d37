"""The roll: every process that may begin an attempt, and what it says from its own memory after a failover.

The log of a database is kept in order: a copy that has the last begin a process was told of has every
earlier one, too. So a copy lacks nothing that anybody acted on if it has the last begins of every process
that may have begun any; and a process that can't be asked leaves that open.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

FOR_GOOD = -1
"""A process that ended in order begins on no timeline any more."""
KEPT = 256
"""Calls of begin that a process remembers; more than it makes at once, so that those before are older."""


@dataclass(frozen=True, slots=True)
class BegunCall:
    """A call of begin that the database acknowledged: one of its attempts, and how many it began."""

    token: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Member:
    """A process on the roll, as it last spoke."""

    uid: str
    kind: str
    host: str
    pid: int
    on: int = 0
    """The timeline it begins on; 0: it has begun nothing, and hears whether it is asked before it does."""
    left: int = 0
    """The timeline for whose sake it has stopped to begin, once nothing of its own was under way."""
    calls: tuple[BegunCall, ...] = ()
    """The last ones, oldest first; all that matter once it has left, only a hint before."""
    word: int = 0
    """Grows as long as it lives."""

    def __str__(self) -> str:
        """Whom an operator would look for."""
        return f"{self.kind} on {self.host} (pid {self.pid})"

    def has_answered(self, timeline: int) -> bool:
        """Return whether it begins nothing on an older timeline any more, and has said all it knows."""
        return self.on in {0, timeline} or self.left in {timeline, FOR_GOOD}

    def leaving(self, timeline: int) -> Self:
        """Itself, once it begins nothing more."""
        return replace(self, left=timeline)

    def spelled(self) -> str:
        """As the roll keeps it."""
        return json.dumps(asdict(self))


def read_member(kept: bytes | str) -> Member:
    """Read what `spelled` wrote.

    Raises:
        ValueError: a release that says something else wrote it.
    """
    try:
        found = json.loads(kept)
        calls = tuple(BegunCall(**one) for one in found.pop("calls"))
        return Member(**found, calls=calls)
    except (TypeError, LookupError, AttributeError):
        raise ValueError("no member of a roll") from None


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof that the roll gives of the database at hand."""

    missing: int = 0
    """Attempts that processes began and it does not have; at least."""
    unasked: tuple[str, ...] = ()
    """Processes that may have begun more, and have not said."""

    @property
    def holds(self) -> bool:
        """Return whether nothing that anybody acted on is missing."""
        return not self.missing and not self.unasked

    def __str__(self) -> str:
        """In a sentence that an operator reads."""
        said = [f"{self.missing} attempts or more are missing"] if self.missing else []
        if self.unasked:
            said.append(f"what these began last can't be asked: {', '.join(self.unasked)}")
        return "; ".join(said) or "nothing is missing"


def prove(
    members: Sequence[Member], timeline: int, known: Collection[str], not_on_it: Sequence[str] = ()
) -> Proof:
    """Hold what the members say against the attempts that are known on a timeline.

    Args:
        members: all that may have begun anything.
        timeline: of the database at hand.
        known: those of their tokens that it has.
        not_on_it: processes at work that are not on the roll.
    """
    before = [one for one in members if one.on != timeline]
    missing = sum(call.attempts for one in before for call in one.calls if call.token not in known)
    unasked = [str(one) for one in members if not one.has_answered(timeline)]
    return Proof(missing, (*unasked, *not_on_it))
