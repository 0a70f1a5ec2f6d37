"""A chunk's end, as Flower shows it: in words, and red where nothing went out."""

from collections import Counter

import pytest

from worker.dispatch.chunk_summary import ChunkEnd, end_of, summarize
from worker.dispatch.delivery_limits import Delivered
from worker.domain.schedule.hand_backs import HandBack

SENT, AGAIN, FAILED = ChunkEnd.SENT, ChunkEnd.AGAIN, ChunkEnd.FAILED

ENDS: dict[str, tuple[dict[str, int], dict[HandBack, int], ChunkEnd, str]] = {
    "all kinds": (
        {"Refused": 2, "Accepted": 1048, "Unknown": 1}, {}, SENT,
        "1,048 accepted, 2 refused, 1 in doubt",
    ),
    "some": ({"Accepted": 1}, {HandBack.PAUSED: 2}, SENT, "1 accepted; 2 handed back: paused"),
    "in doubt, it may have gone out": ({"Unknown": 2}, {}, SENT, "2 in doubt"),
    "nothing left, as a repeated message finds": ({}, {}, SENT, "nothing of it was left"),
    "counts of nothing": ({"Accepted": 0}, {HandBack.PAUSED: 0}, SENT, "nothing of it was left"),
    "all refused": ({"Refused": 3}, {}, FAILED, "3 refused"),
    "none can be rendered": ({}, {HandBack.RENDER: 3}, FAILED, "3 handed back: render"),
    "refused or not rendered": (
        {"Refused": 1}, {HandBack.RENDER: 2}, FAILED, "1 refused; 2 handed back: render",
    ),
    "not sent": ({"NotSent": 3}, {}, AGAIN, "3 not sent"),
    "too fast": ({"Throttled": 3}, {}, AGAIN, "3 too fast"),
    "the account is suspended": ({"Halt": 3}, {}, AGAIN, "3 halted"),
    "as a group": ({"GroupRefused": 9}, {}, AGAIN, "9 refused as a group"),
    "no permit": ({}, {HandBack.NO_PERMIT: 4}, AGAIN, "4 handed back: no_permit"),
    "the store is away": (
        {}, {HandBack.STORE_UNAVAILABLE: 4}, AGAIN, "4 handed back: store_unavailable",
    ),
    "refused, and one that comes again": (
        {"Refused": 1, "NotSent": 1}, {}, AGAIN, "1 refused, 1 not sent",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "back", "end", "told"), ENDS.values(), ids=ENDS)
def test_a_chunk_is_told_in_words_and_ends_as_it_went(
    answers: dict[str, int], back: dict[HandBack, int], end: ChunkEnd, told: str
) -> None:
    delivered = Delivered(Counter(answers), Counter(back))

    assert (end_of(delivered), summarize(delivered)) == (end, told)
