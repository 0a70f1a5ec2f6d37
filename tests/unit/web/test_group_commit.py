"""Callbacks share transactions under load, and each hears what became of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import permutations
from threading import Event
from typing import Any

import pytest

from tests.factories import make_report
from worker.domain.evidence.reports import Report
from worker.domain.statuses import Channel
from worker.store.connect import StoreUnavailable
from worker.web.group_commit import MOST, PIECE, GroupCommit


def report(number: int) -> Report:
    return make_report(key=f"CA{number}:0")


class Office:
    """Settles what it is given, once it may; remembers the loads."""

    def __init__(self, failures: tuple[Exception, ...] = ()) -> None:
        self.loads: list[list[Report]] = []
        self.may_go_on = Event()
        self._failures = list(failures)
        self.poison: Report | None = None

    def apply(self, reports: list[Report]) -> None:
        self.loads.append(reports)
        assert self.may_go_on.wait(10)
        if self.poison in reports:
            raise ValueError
        if self._failures:
            raise self._failures.pop(0)


def during(office: Office, use: Callable[[GroupCommit], Coroutine[Any, Any, None]]) -> None:
    async def scenario() -> None:
        await asyncio.wait_for(use(GroupCommit(office.apply)), 20)

    asyncio.run(scenario())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110  what is waited for happens on another thread
        await asyncio.sleep(0)


def test_what_comes_while_one_commits_goes_together_with_the_next() -> None:
    office = Office()

    async def use(box: GroupCommit) -> None:
        first = asyncio.create_task(box.post([report(0)]))
        await until(lambda: len(office.loads) == 1)
        others = [asyncio.create_task(box.post([report(n)])) for n in range(1, 6)]
        await asyncio.sleep(0)
        assert not first.done()
        office.may_go_on.set()
        await asyncio.gather(first, *others)

    during(office, use)

    assert office.loads == [[report(0)], [report(n) for n in range(1, 6)]]


def test_nobody_is_answered_before_the_commit_and_a_failure_is_told_to_whom_it_concerns() -> None:
    office = Office(failures=(StoreUnavailable("away"),))

    async def use(box: GroupCommit) -> None:
        first = asyncio.create_task(box.post([report(0)]))
        await until(lambda: len(office.loads) == 1)
        second = asyncio.create_task(box.post([report(1)]))
        await asyncio.sleep(0)
        assert not first.done()
        assert not second.done()
        office.may_go_on.set()
        with pytest.raises(StoreUnavailable):
            await first
        await second

    during(office, use)


def loads_while_one_commits(*deliveries: list[Report]) -> list[list[Report]]:
    """The loads in which these deliveries travel, all of which come while one commits."""
    office = Office()

    async def use(box: GroupCommit) -> None:
        first = asyncio.create_task(box.post([report(10**6)]))
        await until(lambda: len(office.loads) == 1)
        others = [asyncio.create_task(box.post(one)) for one in deliveries]
        await asyncio.sleep(0)
        office.may_go_on.set()
        await asyncio.gather(first, *others)

    during(office, use)
    return office.loads[1:]


def of(channel: Channel, *numbers: int) -> list[Report]:
    return [replace(report(number), channel=channel) for number in numbers]


def test_a_large_delivery_goes_in_pieces_that_nobody_waits_for() -> None:
    large = of(Channel.EMAIL, *range(PIECE * 3 + 1))
    small = [of(Channel.EMAIL, 10**4 + number) for number in range(5)]

    loads = loads_while_one_commits(large, *small)

    assert sorted(loads[0], key=lambda one: one.key) == sorted(
        [*(one for delivery in small for one in delivery), *large[:PIECE]], key=lambda one: one.key
    )
    assert loads[1:] == [large[PIECE : 2 * PIECE], large[2 * PIECE : 3 * PIECE], large[3 * PIECE :]]


def test_whoever_comes_while_a_piece_commits_waits_for_no_second_one() -> None:
    office, large = Office(), of(Channel.EMAIL, *range(PIECE * 4))
    small = [of(Channel.VOICE, 10**4 + number) for number in range(3)]

    async def use(box: GroupCommit) -> None:
        first = asyncio.create_task(box.post(large))
        await until(lambda: len(office.loads) == 1)
        others = [asyncio.create_task(box.post(one)) for one in small]
        await asyncio.sleep(0)
        office.may_go_on.set()
        await asyncio.gather(first, *others)

    during(office, use)

    assert [len(load) for load in office.loads] == [PIECE, len(small), PIECE, PIECE, PIECE]


def test_large_deliveries_take_turns() -> None:
    first, second = of(Channel.EMAIL, *range(120)), of(Channel.EMAIL, *range(1000, 1120))

    loads = loads_while_one_commits(first, second)

    assert [load[0] in first for load in loads] == [True, False, True, False, True, False]
    assert max(map(len, loads)) == PIECE


@pytest.mark.parametrize(("busy", "quiet"), [*permutations(Channel, 2)])
def test_the_channels_take_turns_and_a_load_has_its_limit(busy: Channel, quiet: Channel) -> None:
    many = [of(busy, number) for number in range(MOST + 100)]
    few = [of(quiet, number) for number in range(3)]

    loads = loads_while_one_commits(*many, *few)

    assert [len(load) for load in loads] == [MOST, 103]
    assert [one.channel for one in loads[0]].count(quiet) == 3


def test_what_is_left_of_a_large_delivery_is_dropped_with_its_sender() -> None:
    office = Office()

    async def use(box: GroupCommit) -> None:
        first = asyncio.create_task(box.post(of(Channel.EMAIL, *range(PIECE * 9))))
        await until(lambda: len(office.loads) == 1)
        first.cancel()
        await asyncio.sleep(0)
        second = asyncio.create_task(box.post([report(10**6)]))
        office.may_go_on.set()
        await second

    during(office, use)

    assert [len(load) for load in office.loads] == [PIECE, 1]


def test_a_large_delivery_whose_piece_fails_comes_again_whole() -> None:
    office = Office(failures=(StoreUnavailable("away"),))
    office.may_go_on.set()

    async def use(box: GroupCommit) -> None:
        with pytest.raises(StoreUnavailable):
            await box.post(of(Channel.EMAIL, *range(PIECE * 3)))
        await box.post([report(1)])

    during(office, use)

    assert [len(load) for load in office.loads] == [PIECE, 1]


def test_who_hung_up_holds_nobody_up() -> None:
    office = Office()

    async def use(box: GroupCommit) -> None:
        first = asyncio.create_task(box.post([report(0)]))
        await until(lambda: len(office.loads) == 1)
        first.cancel()
        second = asyncio.create_task(box.post([report(1)]))
        office.may_go_on.set()
        await second

    during(office, use)

    assert list(map(len, office.loads)) == [1, 1]


def test_a_fault_of_one_delivery_is_none_of_the_others() -> None:
    office = Office()
    office.poison = report(2)

    async def use(box: GroupCommit) -> None:
        first = asyncio.create_task(box.post([report(0)]))
        await until(lambda: len(office.loads) == 1)
        others = [asyncio.create_task(box.post([report(n)])) for n in range(1, 4)]
        await asyncio.sleep(0)
        office.may_go_on.set()
        await first
        told = await asyncio.gather(*others, return_exceptions=True)
        assert [type(one) for one in told] == [type(None), ValueError, type(None)]

    during(office, use)
