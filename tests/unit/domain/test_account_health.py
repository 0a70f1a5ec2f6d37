"""When an account is given nothing more to send, and how it comes back."""

from datetime import timedelta

import pytest

from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Throttled,
    Unknown,
)
from worker.domain.schedule.account_health import (
    Answers,
    Health,
    is_failure,
    judge_fall,
    judge_rise,
)

STEP = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("answers", "falls"),
    [
        (Answers(9, 9), False),
        (Answers(10, 4), False),
        (Answers(10, 5), True),
        (Answers(10, 0, 5), True),
        (Answers(10, 3, 2), True),
        (Answers(1_000, 499), False),
    ],
)
def test_half_of_enough_answers_bad_is_too_many(answers: Answers, falls: bool) -> None:
    switch = judge_fall(Health(), answers)

    assert (switch is not None) == falls
    if switch:
        assert (switch.share, switch.falls) == (0, 1)


def test_on_its_way_back_few_answers_say_enough() -> None:
    assert judge_fall(Health(share=10, falls=1), Answers(2, 2)) is None
    again = judge_fall(Health(share=10, falls=1), Answers(3, 2))
    assert again is not None
    assert (again.share, again.falls) == (0, 2)


def test_what_is_given_nothing_can_not_fall() -> None:
    assert judge_fall(Health(share=0), Answers(100, 100)) is None


def test_it_comes_back_by_steps_that_last() -> None:
    shares, health = [], Health(share=0, falls=1)
    while health.share < 100:
        assert judge_rise(Health(health.share, STEP * 0.99, health.falls), step=STEP) is None
        switch = judge_rise(Health(health.share, STEP, health.falls), step=STEP)
        assert switch is not None
        shares.append(switch.share)
        health = Health(switch.share, timedelta(0), switch.falls)

    assert (shares, health.falls) == ([10, 25, 50, 100], 0)
    assert judge_rise(Health(100, STEP * 9), step=STEP) is None


@pytest.mark.parametrize(("falls", "waits"), [(1, 1), (2, 2), (3, 4), (5, 16), (9, 16)])
def test_each_fall_in_a_row_doubles_the_rest(falls: int, waits: int) -> None:
    short, enough = Health(0, STEP * waits * 0.99, falls), Health(0, STEP * waits, falls)

    assert judge_rise(short, step=STEP) is None
    assert judge_rise(enough, step=STEP) is not None


@pytest.mark.parametrize(
    ("answer", "fails"),
    [
        (NotSent("connect_timeout"), True),
        (Unknown("read_timeout"), True),
        (Unknown("http_503"), True),
        (NotSent("deadline"), False),
        (Unknown("error"), False),
        (Throttled(1.0, "http_429"), False),
        (Halt(HaltScope.CHANNEL, "20005", "suspended"), False),
        (Accepted("sid"), False),
    ],
)
def test_what_speaks_against_an_account(answer: Answer, fails: bool) -> None:
    assert is_failure(answer) == fails
