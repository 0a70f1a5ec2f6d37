"""The judge of the proof with two accounts sees what must not be."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.prove.second_account import judge


def attempt(account: str, state: str, token: str, **values: Any) -> Any:
    known = {"request": 1, "account": account, "state": state, "token": token}
    return SimpleNamespace(**known | {"began": 0.0, "closed": 1.0} | values)


def contact(token: str, to: str = "+15125550142") -> dict[str, str]:
    return {"token": token, "to": to}


MOVED = [attempt("main", "NOT_SENT", "a"), attempt("second", "DONE", "b", began=31.0)]


def test_what_was_proven_unsent_and_left_in_time_is_well() -> None:
    judged = judge(MOVED, [], [contact("b")])

    assert (judged.holds, judged.unsent, judged.moved_in_time) == (True, 1, 1)


@pytest.mark.parametrize(
    ("attempts", "first", "second"),
    [
        (MOVED, [contact("a")], [contact("b")]),
        (MOVED, [], [contact("b"), contact("b", "+15125550143")]),
        ([attempt("main", "UNRESOLVED", "a"), *MOVED], [], [contact("b")]),
        ([MOVED[0], attempt("second", "DONE", "b", began=62.0)], [], [contact("b")]),
        ([MOVED[0]], [], []),
        ([], [], []),
    ],
    ids=[
        "both reached",
        "one token twice",
        "in doubt at the first",
        "too late",
        "never",
        "nothing",
    ],
)
def test_what_must_not_be_is_seen(attempts: list[Any], first: list[Any], second: list[Any]) -> None:
    assert not judge(attempts, first, second).holds
