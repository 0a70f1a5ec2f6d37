"""By which of its campaign's accounts a request goes."""

import pytest

from worker.domain.schedule.account_choice import (
    ABSENT,
    NEVER_LISTED,
    EarlierAttempt,
    ListedAccount,
    choose_account,
    turn_of,
)
from worker.domain.statuses import AttemptState

NOT_SENT, DONE, UNRESOLVED = AttemptState.NOT_SENT, AttemptState.DONE, AttemptState.UNRESOLVED
MAIN, NORTH, SOUTH = (ListedAccount(name, "+15125550100") for name in ("main", "north", "south"))
WAYS = (MAIN, NORTH, SOUTH)


def tried(*attempts: tuple[str, AttemptState, str | None]) -> list[EarlierAttempt]:
    return [EarlierAttempt(*one) for one in attempts]


def chosen(
    *attempts: tuple[str, AttemptState, str | None], ways: tuple[ListedAccount, ...] = WAYS
) -> str | None:
    way = choose_account(ways, tried(*attempts), 7)
    return None if way is None else way.account


def test_the_first_that_sends_is_taken() -> None:
    halted = ListedAccount("main", "+15125550100", is_halted=True)
    ill = ListedAccount("north", "+15125550100", share=0)

    assert chosen() == "main"
    assert chosen(ways=(halted, NORTH)) == "north"
    assert chosen(ways=(ill, SOUTH)) == "south"


@pytest.mark.parametrize("code", ["connect_timeout", "20429", "21408", "no_permit", NEVER_LISTED])
def test_what_an_account_proved_unsent_goes_on_to_the_next(code: str) -> None:
    assert chosen(("main", NOT_SENT, code)) == "north"
    assert chosen(("main", NOT_SENT, code), ("north", NOT_SENT, code)) == "south"


def test_whom_all_have_proved_unsent_begins_again_with_the_first() -> None:
    assert chosen(*((one.account, NOT_SENT, "dns") for one in WAYS)) == "main"


def test_a_contact_in_between_begins_the_order_anew() -> None:
    assert chosen(("main", NOT_SENT, "dns"), ("north", DONE, None)) == "main"


@pytest.mark.parametrize(
    "doubtful", [("north", UNRESOLVED, "in_doubt"), ("north", NOT_SENT, ABSENT)]
)
@pytest.mark.parametrize("later", [(), [("north", NOT_SENT, "dns")], [("north", DONE, None)]])
def test_who_may_have_been_contacted_stays(
    doubtful: tuple[str, AttemptState, str | None],
    later: list[tuple[str, AttemptState, str | None]],
) -> None:
    assert chosen(doubtful, *later) == "north"
    halted = ListedAccount("north", "+15125550100", is_halted=True)
    assert chosen(doubtful, *later, ways=(MAIN, halted)) == "north"
    assert chosen(doubtful, *later, ways=(MAIN, SOUTH)) is None


def test_who_may_have_been_contacted_by_two_goes_by_none() -> None:
    assert chosen(("main", NOT_SENT, ABSENT), ("north", UNRESOLVED, "in_doubt")) is None


def test_where_none_is_well_the_least_ill_is_taken() -> None:
    ways = (
        ListedAccount("main", "+15125550100", share=0),
        ListedAccount("north", "+15125550100", share=0),
    )

    assert chosen(ways=ways) == "main"
    assert chosen(("main", NOT_SENT, "dns"), ways=ways) == "north"


@pytest.mark.parametrize("share", [5, 25, 50])
def test_a_share_takes_so_many_and_always_the_same(share: int) -> None:
    ways = ListedAccount("main", "+15125550100", share=share), NORTH

    first = [choose_account(ways, (), request) for request in range(10_000)]

    assert sum(way is ways[0] for way in first) == pytest.approx(100 * share, abs=100)
    assert first == [choose_account(ways, (), request) for request in range(10_000)]
    assert {turn_of(request) for request in range(10_000)} == set(range(100))
