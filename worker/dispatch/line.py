"""The line out: one event loop per process on a thread of its own, shared by every delivery task.

A Celery task is a thread; the provider calls of all of them run here, thousands at once, over one pool
of connections. Answers come back through a queue and are recorded by the task that asked.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, TypeVar

import structlog

from worker.domain.answers import Answer, Unknown
from worker.domain.statuses import Mode
from worker.domain.tickets import Ticket
from worker.providers import Provider, Providers

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one ticket."""

    ticket: Ticket
    answer: Answer


class Line:
    """Providers on their own event loop; built once per process, after any fork."""

    def __init__(self, connect: Callable[[], Providers]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._thread.start()
        self._providers = self.run(_inside(connect))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def provider(self, mode: Mode) -> Provider:
        """Who carries this channel."""
        return self._providers[mode]

    def answers(self, mode: Mode) -> bool:
        """Whether the channel's provider answers us at all."""
        return self.run(self.provider(mode).probe())

    def cancel_call(self, sid: str) -> bool:
        """Take back a call that was not dialed yet. Returns whether that worked."""
        return self.run(self._providers.voice.cancel(sid))

    def send(
        self,
        tickets: Sequence[tuple[Ticket, float]],
        mode: Mode,
        *,
        flush_rows: int,
        flush_seconds: float,
        answer_time: float,
    ) -> Iterator[list[Answered]]:
        """Send every ticket at once; yield answers in small groups as they come.

        Args:
            tickets: each with its deadline on the transport's clock.
            mode: the channel.
            flush_rows: at most this many answers in a group.
            flush_seconds: how long the first answer of a group waits for company.
            answer_time: after this a missing answer is left to the rescuer.
        """
        answers: SimpleQueue[Answered] = SimpleQueue()
        provider = self.provider(mode)
        for ticket, deadline in tickets:
            sending = _send(provider, ticket, deadline, answers)
            asyncio.run_coroutine_threadsafe(sending, self._loop)
        missing = len(tickets)
        while missing:
            group = _gather(answers, min(flush_rows, missing), flush_seconds, answer_time)
            if not group:
                log.error("answers_missing", count=missing)
                return
            missing -= len(group)
            yield group

    def close(self) -> None:
        """Close the connections and end the loop."""
        self.run(self._providers.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _inside(connect: Callable[[], Providers]) -> Providers:
    return connect()


async def _send(
    provider: Provider, ticket: Ticket, deadline: float, answers: SimpleQueue[Answered]
) -> None:
    try:
        answer = await provider.place(ticket, deadline=deadline)
    except Exception as error:  # noqa: BLE001  a bug of ours after the ticket: it may have been sent
        log.error("place_failed", attempt=ticket.attempt, error=type(error).__name__)
        answer = Unknown("error")
    answers.put(Answered(ticket, answer))


def _gather(
    answers: SimpleQueue[Answered], most: int, company: float, patience: float
) -> list[Answered]:
    group: list[Answered] = []
    ends = monotonic() + patience
    try:
        while len(group) < most:
            group.append(answers.get(timeout=max(0.0, ends - monotonic())))
            if len(group) == 1:
                ends = monotonic() + company
    except Empty:
        pass
    return group
