"""Two hundred answers to a text, half of which want no more of them."""

from pathlib import Path

import pytest

from worker.domain.opt_out_words import Wish, read_wish

REPLIES = Path(__file__).parent / "replies"
MOST_MISSED, MOST_WRONG = 0.02, 0.05
"""Shares: of stops that are not heard, and of other answers that are taken for one."""


def replies(name: str) -> list[str]:
    return (REPLIES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def test_stops_are_heard_and_hardly_anything_else_is_taken_for_one() -> None:
    stops, others = replies("stops"), replies("others")

    missed = [one for one in stops if read_wish(one) is not Wish.STOP]
    wrong = [one for one in others if read_wish(one) is Wish.STOP]

    assert min(len(stops), len(others)) >= 100
    assert len(missed) <= MOST_MISSED * len(stops), missed
    assert len(wrong) <= MOST_WRONG * len(others), wrong


@pytest.mark.parametrize(
    ("body", "said", "wish"),
    [
        ("anything", "STOP", Wish.STOP),
        ("stop", "HELP", Wish.HELP),
        ("START", "", Wish.START),
        ("unstop", "", Wish.START),
        ("Help!", "", Wish.HELP),
        ("", "", Wish.NOTHING),
        ("STOP", "NEWER", Wish.STOP),
    ],
)
def test_what_twilio_has_judged_counts_before_the_words(body: str, said: str, wish: Wish) -> None:
    assert read_wish(body, said) is wish
