"""A thousand answers to a text, half of which want no more of them."""

from pathlib import Path

import pytest

from worker.domain.consent.opt_out_words import Wish, read_wish

REPLIES = Path(__file__).parent / "replies"
MANUAL = Path(__file__).parents[3] / "worker" / "desk" / "README.md"
MOST_MISSED, MOST_WRONG = 0.01, 0.02
"""Shares: of stops that are not heard, and of other answers that are taken for one."""


def replies(name: str) -> list[str]:
    return (REPLIES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def test_stops_are_heard_and_hardly_anything_else_is_taken_for_one() -> None:
    stops, others = replies("stops"), replies("others")

    missed = [one for one in stops if read_wish(one) is not Wish.STOP]
    wrong = [one for one in others if read_wish(one) is Wish.STOP]

    assert min(len(set(stops)), len(set(others))) >= 350
    assert len(missed) <= MOST_MISSED * len(stops), missed
    assert len(wrong) <= MOST_WRONG * len(others), wrong
    stated = (
        f"of the {len(stops) + len(others):,} answers in the test's corpus it misses {len(missed)} of"
        f" {len(stops)} and takes {len(wrong)} of {len(others)} wrongly"
    )
    assert stated in " ".join(MANUAL.read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("body", "said", "wish"),
    [
        ("anything", "STOP", Wish.STOP),
        ("anything", " stop", Wish.STOP),
        ("stop", "HELP", Wish.HELP),
        ("START", "", Wish.START),
        ("start.", "", Wish.START),
        ("yes start", "", Wish.NOTHING),  # what lifts a stop is said alone
        ("please help", "", Wish.HELP),
        ("unstop", "", Wish.START),
        ("Help!", "", Wish.HELP),
        ("", "", Wish.NOTHING),
        ("STOP", "NEWER", Wish.STOP),
    ],
)
def test_what_twilio_has_judged_counts_before_the_words(body: str, said: str, wish: Wish) -> None:
    assert read_wish(body, said) is wish


@pytest.mark.parametrize(
    "body",
    [
        *(
            "S.T.O.P",
            "s t o p",
            "S-T-O-P",
            "st\u200bop",
            "\u202eSTOP\u202c",
            "\uff33\uff34\uff2f\uff30",
            "stooopp",
        ),
        *(
            "STOP2END",
            "stop_texting",
            "\U0001f6d1",
            "\u00a1ALTO!",
            "ARR\u00caT",
            "*STOP*",
            "~stop~",
            "(stop)",
        ),
        *(
            "Stop\n\nSent from my phone",
            "Hi. Stop texting me",
            "I said STOP",
            "yes, stop",
            "PLEASE STOP",
        ),
    ],
)
def test_marks_signs_and_openings_hide_no_stop(body: str) -> None:
    assert read_wish(body) is Wish.STOP


@pytest.mark.parametrize(
    "body",
    [
        *(
            "st0p",
            "5T0P",
            "$top",
            "s+op",
            "st*p",
            "ST OP",
            "Sto p",
            "please st op",
            "st0p texting me",
        ),
        *(
            "\u0405\u0422\u041e\u0420",
            "un subscribe",
            "c\u0430ncel stop",
            "canc3l",
            "UN5UB",
            "0pt out",
        ),
        *("do not text. st0p", "ST OP texting me"),
    ],
)
def test_a_stop_torn_apart_or_spelled_with_figures_is_one(body: str) -> None:
    assert read_wish(body) is Wish.STOP


@pytest.mark.parametrize(
    "body", ["first op on Monday", "5 to 6 pm", "1080p", "the st op art museum"]
)
def test_letters_that_happen_to_stand_so_are_no_stop(body: str) -> None:
    assert read_wish(body) is Wish.NOTHING


@pytest.mark.parametrize(
    ("wish", "other"),
    [
        ("\u62dc\u6258\u522b\u518d\u53d1\u4e86", "\u8bf7\u4e0d\u8981\u9000\u8ba2"),
        (
            "\u3082\u3046\u3084\u3081\u3066\u304f\u3060\u3055\u3044",
            "\u914d\u4fe1\u505c\u6b62\u3057\u306a\u3044\u3067",
        ),
        ("\ubb38\uc790 \uadf8\ub9cc", "\uadf8\ub9cc\ud07c \uc88b\uc544\uc694"),
    ],
)
def test_writing_without_spaces_is_read_wherever_the_wish_stands(wish: str, other: str) -> None:
    assert (read_wish(wish), read_wish(other)) == (Wish.STOP, Wish.NOTHING)


@pytest.mark.parametrize(
    "body",
    [
        "Liked \u201cReply STOP to opt out.\u201d",
        "A aim\u00e9 \u00ab\u00a0R\u00e9pondez STOP pour finir\u00a0\u00bb",
    ],
)
def test_a_thumb_for_our_own_words_is_no_stop(body: str) -> None:
    assert read_wish(body) is Wish.NOTHING


def test_a_text_of_any_length_is_read() -> None:
    assert read_wish("ok " * 20_000) is Wish.NOTHING
    assert read_wish("please stop " * 20_000) is Wish.STOP
