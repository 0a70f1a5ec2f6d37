"""What changes on a page is read once for all who watch it, told to each, and not read where nobody does."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sessions import eventually
from worker.api.console import watching
from worker.api.console.watching import Watching

pytestmark = pytest.mark.usefixtures("quick")
DEADLINE = 10.0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.001)


class Part:
    """A part of a page that counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0
        self.shown = "first"

    def read(self) -> str:
        self.reads += 1
        if self.shown == "":
            raise ValueError("the database is away")
        return self.shown

    async def is_read_again(self) -> None:
        """Wait until somebody has looked twice more: once may have begun before."""
        wanted = self.reads + 2
        await asyncio.to_thread(eventually, lambda: self.reads >= wanted, DEADLINE)


async def next_of(stream: AsyncIterator[str]) -> str:
    async with asyncio.timeout(DEADLINE):
        return await anext(stream)


def test_each_watcher_is_told_what_is_shown_and_each_change_of_it() -> None:
    async def watch() -> None:
        part, watched = Part(), Watching()
        one, other = watched.stream("now", part.read), watched.stream("now", part.read)
        assert await next_of(one) == await next_of(other) == "data: first\n\n"
        part.shown = "second\nline"
        assert await next_of(one) == await next_of(other) == "data: second\ndata: line\n\n"
        await one.aclose()  # type: ignore[attr-defined]
        part.shown = "third"
        assert await next_of(other) == "data: third\n\n"
        await other.aclose()  # type: ignore[attr-defined]

    asyncio.run(watch())


def test_a_hundred_who_watch_the_same_cost_one_reader_and_nobody_costs_none() -> None:
    async def watch() -> None:
        part, watched = Part(), Watching()
        streams = [watched.stream("now", part.read) for _ in range(100)]
        for one in streams:
            await next_of(one)
        tasks = [one for one in asyncio.all_tasks() if "_look" in repr(one.get_coro())]
        assert len(tasks) == 1
        for one in streams:
            await one.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*tasks, return_exceptions=True)
        reads = part.reads
        await asyncio.sleep(0)
        assert part.reads == reads

    asyncio.run(watch())


def test_a_look_that_fails_leaves_the_page_as_it_was_and_the_next_one_goes_on() -> None:
    async def watch() -> None:
        part, watched = Part(), Watching()
        stream = watched.stream("now", part.read)
        await next_of(stream)
        part.shown = ""
        await part.is_read_again()
        part.shown = "back"
        assert await next_of(stream) == "data: back\n\n"
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(watch())


def test_a_stream_ends_so_that_its_browser_asks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "STREAM_SECONDS", 0.1)

    async def watch() -> set[str]:
        async with asyncio.timeout(DEADLINE):
            return {one async for one in Watching().stream("now", Part().read)}

    assert asyncio.run(watch()) <= {"data: first\n\n"}
