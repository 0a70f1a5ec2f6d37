"""A process that was away closes its connections before it does anything else."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.integration.providers.exchanges import post
from tests.integration.providers.wire import Step, Wire, answer
from worker.domain.evidence.answers import Unknown
from worker.providers.absence import AbsenceWatch
from worker.providers.http_replies import Unanswered
from worker.providers.transport import Transport


def test_whoever_was_away_for_too_long_uses_no_connection_from_before() -> None:
    async def scenario() -> tuple[list[int], Unknown]:
        async with Wire([answer(), Step(then="hang"), answer()]) as wire:
            transport = Transport(connect_timeout=1, read_timeout=5, limit=3, longest_absence=0.2)
            await post(transport, wire.url)
            hanging = asyncio.create_task(post(transport, wire.url))
            while len(wire.seen) < 2:  # noqa: ASYNC110  the wire has no event
                await asyncio.sleep(0)
            stand_still(0.4)
            await post(transport, wire.url)
            with pytest.raises(Unanswered) as lost:
                await hanging
            await transport.close()
            assert isinstance(lost.value.outcome, Unknown)
            return [seen.connection for seen in wire.seen], lost.value.outcome

    connections, lost = asyncio.run(scenario())

    assert connections == [1, 1, 2]
    assert lost == Unknown("connection_lost")


def test_it_is_noticed_although_nothing_is_sent() -> None:
    async def scenario() -> int:
        closed = asyncio.Queue[int]()
        watch = AbsenceWatch(0.2, partial(note, closed.put_nowait))
        stand_still(0.4)
        noticed = await asyncio.wait_for(closed.get(), 5)
        watch.end()
        return noticed

    assert asyncio.run(scenario()) == 1


def test_a_busy_loop_is_no_absence() -> None:
    async def scenario() -> list[int]:
        closed: list[int] = []
        watch = AbsenceWatch(1.0, partial(note, closed.append))
        for _ in range(15):
            stand_still(0.1)
            await asyncio.sleep(0)
        watch.end()
        return closed

    assert asyncio.run(scenario()) == []


def note(down: Callable[[int], None]) -> int:
    down(1)
    return 1


def stand_still(seconds: float) -> None:
    """As a process does that was stopped."""
    time.sleep(seconds)
