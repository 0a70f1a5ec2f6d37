"""START messages: one takes back somebody's STOPs only where it is known to have been written after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from worker.domain.consent.authors import UnreadAuthor, read_author
from worker.domain.evidence.lookups import Undecided


@dataclass(frozen=True, slots=True)
class Received:
    """An incoming message as its provider keeps it: who wrote it, and when by the provider's clock."""

    writer: str
    at: datetime


Recalled = Received | Undecided | None
"""What came of asking for a message by its id; None: nobody can be asked by this id."""


class StartVerdict(Enum):
    """The effect of a START."""

    LIFTS = auto()
    STAYS = auto()
    """The STOP does: it was written later, or nobody can say."""
    ASK_AGAIN = auto()


def judge_start(identity: str, start: Recalled, stops: Sequence[Recalled]) -> StartVerdict:
    """Judge by the provider's own times, for messages overtake each other on their way to us.

    Args:
        identity: who is suppressed.
        start: the message that takes it back.
        stops: every STOP of theirs that is in force; a moment shared with one is not after it.
    """
    if any(isinstance(one, Undecided) for one in (start, *stops)):
        return StartVerdict.ASK_AGAIN
    told = [one.at for one in stops if isinstance(one, Received)]
    if not isinstance(start, Received) or len(told) < len(stops) or not _is_of(identity, start):
        return StartVerdict.STAYS
    return StartVerdict.LIFTS if all(start.at > at for at in told) else StartVerdict.STAYS


def _is_of(identity: str, message: Received) -> bool:
    try:
        return read_author(message.writer) == identity
    except UnreadAuthor:
        return False
