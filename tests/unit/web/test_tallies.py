"""What is turned away is counted once, whatever becomes of the store meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Mapping

from worker.runtime import StoreUnavailable
from worker.web.tallies import Tallies


class Book:
    """Where counts come together; away at first."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.counts: Counter[str] = Counter()

    def add(self, counted: Mapping[str, int]) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        self.counts.update(counted)


def test_what_could_not_be_kept_is_kept_with_the_next() -> None:
    book = Book(away=1)
    tallies = Tallies(book.add)

    async def story() -> None:
        tallies.refuse("signature")
        await tallies.bring()
        tallies.refuse("signature")
        await tallies.bring()
        await tallies.bring()

    asyncio.run(story())

    assert book.counts == {"refused:signature": 2}
    assert tallies.refusals == {}


def test_it_is_kept_again_and_again_and_at_the_end() -> None:
    book = Book(away=0)
    tallies = Tallies(book.add)

    async def story() -> None:
        async with tallies.kept(every=0.01):
            tallies.refuse("too_slow")
            while not book.counts:  # noqa: ASYNC110  what is waited for happens on another thread
                await asyncio.sleep(0)
            tallies.refuse("no_room")

    asyncio.run(asyncio.wait_for(story(), 10))

    assert book.counts == {"refused:too_slow": 1, "refused:no_room": 1}
