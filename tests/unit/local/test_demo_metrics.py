"""The demo's judge: one count that is wrong, of any channel and answer, is told."""

from typing import Any

import pytest

from worker.domain.evidence.counted_moves import ANSWERS, CONTACTS
from worker.local.demo_metrics import judge_metrics, name_answer

KINDS = {"voice": "call", "sms": "message", "email": "mail"}
BOOK: list[dict[str, Any]] = [
    {"kind": "call", "people": 1, "status": 201, "whole": True, "n": 5},
    {"kind": "call", "people": 1, "status": 201, "whole": False, "n": 3},
    {"kind": "call", "people": 1, "status": 400, "whole": True, "n": 2},
    {"kind": "message", "people": 1, "status": 201, "whole": True, "n": 4},
    {"kind": "message", "people": 1, "status": 429, "whole": True, "n": 1},
    {"kind": "message", "people": 1, "status": 503, "whole": True, "n": 2},
    {"kind": "mail", "people": 10, "status": 202, "whole": True, "n": 2},
    {"kind": "mail", "people": 20, "status": 400, "whole": True, "n": 1},
]
CONTACTS_MADE = {"call": 8, "message": 5, "mail": 20}
"""One of the two texts that were answered with 503 was taken all the same."""
LEDGER = [{"kind": kind} for kind, n in CONTACTS_MADE.items() for _ in range(n)]
COUNTED = {
    "provider_answer_seconds_count": {
        ("voice", "accepted"): 5,
        ("voice", "unknown"): 3,
        ("voice", "refused"): 2,
        ("sms", "accepted"): 4,
        ("sms", "throttled"): 1,
        ("sms", "unknown"): 2,
        ("email", "accepted"): 2,
        ("email", "group_refused"): 1,
    },
    # The callback of one call came before its answer broke.
    "answers_total": {
        ("voice", "accepted"): 6,
        ("voice", "unknown"): 2,
        ("voice", "refused"): 2,
        ("sms", "accepted"): 4,
        ("sms", "not_sent"): 1,
        ("sms", "unknown"): 2,
        ("email", "accepted"): 20,
        ("email", "not_sent"): 20,
    },
    "contacts_total": {
        ("voice", "accepted"): 6,
        ("voice", "found"): 2,
        ("sms", "accepted"): 4,
        ("sms", "found"): 1,
        ("email", "accepted"): 20,
    },
}
EVERY = [(name, key) for name, counts in COUNTED.items() for key in counts]
NEVER = [("answers_total", (channel, answer)) for channel in KINDS for answer in ANSWERS]
NEVER += [("contacts_total", (channel, answer)) for channel in KINDS for answer in CONTACTS]


def exposition(*, wrong: tuple[str, tuple[str, str]] | None = None, by: int = 0) -> str:
    """What Prometheus reads, one of its counts wrong."""
    counts = {(name, key): n for name, found in COUNTED.items() for key, n in found.items()}
    if wrong:
        counts[wrong] = counts.get(wrong, 0) + by
    lines = [f"# TYPE outreach_{name} untyped" for name in COUNTED]
    for (name, (channel, answer)), n in counts.items():
        lines.append(f'outreach_{name}{{channel="{channel}",answer="{answer}"}} {n}')
    return "\n".join([*lines, ""])


def test_counts_that_are_right_are_told_of_nobody() -> None:
    assert list(judge_metrics(exposition(), LEDGER, BOOK)) == []


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize(("name", "key"), [*EVERY, *sorted(set(NEVER) - set(EVERY))])
def test_a_count_that_is_wrong_is_told(name: str, key: tuple[str, str], by: int) -> None:
    told = list(judge_metrics(exposition(wrong=(name, key), by=by), LEDGER, BOOK))

    assert any(f"{key[1]} {key[0]}" in sentence for sentence in told)


def test_a_callback_can_be_early_only_where_an_answer_could_not_be_read() -> None:
    more = exposition(wrong=("answers_total", ("email", "accepted")), by=1)

    assert any("accepted email" in one for one in judge_metrics(more, LEDGER, BOOK))


@pytest.mark.parametrize(
    ("status", "whole", "people", "name"),
    [
        (201, True, 1, "accepted"),
        (202, True, 500, "accepted"),
        (201, False, 1, "unknown"),
        (302, True, 1, "unknown"),
        (400, True, 1, "refused"),
        (400, True, 2, "group_refused"),
        (429, True, 2, "throttled"),
        (500, True, 1, "unknown"),
        (503, True, 1, "unknown"),
    ],
)
def test_an_answer_is_called_as_its_worker_calls_it(
    status: int, whole: bool, people: int, name: str
) -> None:
    assert name_answer({"status": status, "whole": whole, "people": people}) == name
