"""The summary of a chunk, as whoever watches the queue reads it. Numbers and reasons, no ids of anybody."""

from enum import Enum

from worker.dispatch.delivery_limits import Delivered
from worker.domain.evidence import answers
from worker.domain.schedule.hand_backs import HandBack

WORDS: dict[str, str] = {
    answers.Accepted.__name__: "accepted",
    answers.Refused.__name__: "refused",
    answers.Unknown.__name__: "in doubt",
    answers.NotSent.__name__: "not sent",
    answers.Throttled.__name__: "too fast",
    answers.GroupRefused.__name__: "refused as a group",
    answers.Halt.__name__: "halted",
}
"""Kinds of answers, in the order in which they are told."""
MAY_HAVE_GONE_OUT = (answers.Accepted.__name__, answers.Unknown.__name__)
OVER = (answers.Refused.__name__,)
CLOSED = (HandBack.RENDER,)


class ChunkEnd(Enum):
    """The end of a chunk."""

    SENT = "sent"
    """Something of it may have reached somebody, or nothing of it was left."""
    AGAIN = "again"
    """Nothing of it was sent, and some of it is claimed again."""
    FAILED = "failed"
    """Nothing of it was sent, and nothing of it will be."""


def summarize(delivered: Delivered) -> str:
    """`48 accepted, 2 refused, 1 in doubt; 3 handed back: paused`."""
    found = [
        f"{delivered.answers[kind]:,} {word}"
        for kind, word in WORDS.items()
        if delivered.answers[kind]
    ]
    back = [f"{n:,} handed back: {why.value}" for why, n in delivered.handed_back.items() if n]
    return "; ".join([*([", ".join(found)] if found else []), *back]) or "nothing of it was left"


def counts_of(delivered: Delivered) -> dict[str, int]:
    """The same in numbers, by the names that a log has for them."""
    told = {word.replace(" ", "_"): delivered.answers[kind] for kind, word in WORDS.items()}
    back = {why.value: n for why, n in delivered.handed_back.items()}
    return {name: n for name, n in (told | back).items() if n}


def end_of(delivered: Delivered) -> ChunkEnd:
    """Return how it ended."""
    told, back = +delivered.answers, +delivered.handed_back
    if any(kind in told for kind in MAY_HAVE_GONE_OUT) or not (told or back):
        return ChunkEnd.SENT
    comes_again = any(kind not in OVER for kind in told) or any(why not in CLOSED for why in back)
    return ChunkEnd.AGAIN if comes_again else ChunkEnd.FAILED
