"""Live parts: one reader for all who watch the same, and each is told when it changes.

However many browsers watch, the database is asked once for all of them, and only while somebody does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import structlog
from starlette.concurrency import run_in_threadpool

log = structlog.get_logger()

LOOK_SECONDS = 1.0
STREAM_SECONDS = 20.0
"""After this a browser asks anew, so that whoever has signed out sees nothing more."""

Read = Callable[[], str]


@dataclass(slots=True)
class Watched:
    """One live part: what it shows now, who waits for its change, and the task that looks."""

    text: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: int = 0
    looking: "asyncio.Task[None] | None" = None


class Watching:
    """Every live part that somebody watches, by its name; must be used from one event loop."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}

    async def stream(self, name: str, read: Read) -> AsyncIterator[str]:
        """Server-sent events: the part now, and whenever it has changed, for some seconds."""
        part = self._enter(name, read)
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                told = ""
                while True:
                    changed = part.changed
                    if part.text != told:
                        told = part.text
                        yield as_event(told)
                    await changed.wait()
        except TimeoutError:
            return
        finally:
            self._leave(name, part)

    def _enter(self, name: str, read: Read) -> Watched:
        part = self._watched.setdefault(name, Watched())
        part.watchers += 1
        if part.looking is None:
            part.looking = asyncio.create_task(_look(part, read))
        return part

    def _leave(self, name: str, part: Watched) -> None:
        part.watchers -= 1
        if not part.watchers and part.looking is not None:
            part.looking.cancel()
            part.looking = None
            self._watched.pop(name, None)


async def _look(part: Watched, read: Read) -> None:
    while True:
        try:
            text = await run_in_threadpool(read)
        except Exception as error:  # noqa: BLE001  the next look may go well; the page stays as it was
            log.warning("look_failed", error=type(error).__name__)
            text = part.text
        if text != part.text:
            part.text = text
            part.changed.set()
            part.changed = asyncio.Event()
        await asyncio.sleep(LOOK_SECONDS)


def as_event(text: str) -> str:
    """The text as one server-sent event."""
    return "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
