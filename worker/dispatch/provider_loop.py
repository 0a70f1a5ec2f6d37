"""The line out: one event loop per process on a thread of its own, shared by every delivery task.

A Celery task is a thread; the provider calls of all of them run here, thousands at once, over one pool
of connections. Answers come back through a queue and are recorded by the task that asked.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Protocol, TypeVar

import structlog
import uvloop

from worker.domain.accounts import MAIN
from worker.domain.consent.start_messages import Recalled
from worker.domain.content.tickets import Ticket
from worker.domain.evidence.answers import Answer, Unknown, kind_of
from worker.domain.evidence.lookups import Undecided
from worker.domain.evidence.sent import Sent
from worker.domain.statuses import Channel
from worker.heartbeat import HEART
from worker.measures import ACCOUNT_ANSWERS, ANSWER_TIME, MEASURED
from worker.providers import AccountProviders, Moment, Provider, Providers

T = TypeVar("T")


class Sender(Protocol):
    """A function that sends the tickets of one group by one request."""

    async def __call__(self, group: Sequence[Ticket], /, *, deadline: Moment) -> list[Answer]:
        """One answer each, in their order."""


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one ticket."""

    ticket: Ticket
    answer: Answer
    seconds: float | None = None
    """How long the provider took; None: it was not asked now."""


class ProviderLoop:
    """Providers on their own event loop; built once per process, after any fork."""

    def __init__(self, connect: Callable[[], Providers]) -> None:
        # The same loop as the web server's, in C: half the CPU per call of Python's own.
        self._loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        self._under_way: set[asyncio.Task[None]] = set()
        self._thread = Thread(target=self._loop.run_forever, name="provider_loop", daemon=True)
        self._thread.start()
        self._providers = self.run(_inside(connect))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def carries(self, channel: Channel, account: str) -> bool:
        """Return whether the account is known here, and of a provider of this channel."""
        return account == MAIN or channel in self._providers.channels_of(account)

    def groups(self, account: str) -> bool:
        """Return whether mails of this account may share a request."""
        return account == MAIN or self._providers.of(account).groups

    def provider(self, channel: Channel, account: str = MAIN) -> Provider:
        """Return the provider of this channel, by an account.

        Raises:
            UnknownAccount: there is none here that carries the channel.
        """
        return self._of(account)[channel]

    def _of(self, account: str) -> AccountProviders:
        return self._providers if account == MAIN else self._providers.of(account)

    def answers(self, channel: Channel, account: str = MAIN) -> bool:
        """Return whether the channel's provider answers the account at all."""
        return self.carries(channel, account) and self.run(self.provider(channel, account).probe())

    def cancel_call(self, sid: str, account: str = MAIN) -> bool:
        """Take back a call that was not dialed yet. Returns whether that worked."""
        return self.run(self._of(account).voice.cancel(sid))

    def list_since(self, channel: Channel, account: str, since: datetime) -> list[Sent] | Undecided:
        """Ask for all calls or texts that an account made since then.

        Raises:
            UnknownAccount: there is none here that carries the channel.
        """
        of = self._of(account)
        carrier = of.voice if channel is Channel.VOICE else of.sms
        return self.run(carrier.list_since(since))

    def recall(self, sids: Sequence[str]) -> list[Recalled]:
        """Ask who wrote these incoming messages, and when; one answer each, in their order."""
        return self.run(self._recall(sids))

    async def _recall(self, sids: Sequence[str]) -> list[Recalled]:
        return list(await asyncio.gather(*map(self._providers.recall, sids)))

    def hang_up(self, sid: str, account: str = MAIN) -> bool:
        """End a call that was answered. Returns whether that is certain."""
        return self.run(self._of(account).voice.hang_up(sid))

    def send(
        self,
        groups: Sequence[Sequence[Ticket]],
        channel: Channel,
        *,
        deadline: Moment,
        flush_rows: int,
        flush_seconds: float,
        answer_time: float,
        account: str = MAIN,
    ) -> Iterator[list[Answered]]:
        """Send every group at once, each by one request; yield answers as they come, some at a time.

        Args:
            groups: the tickets that share a request.
            channel: voice, sms or email.
            deadline: nothing is written after it.
            flush_rows: yield at most this many answers at once, or those of one group.
            flush_seconds: how long the first answer waits for company.
            answer_time: after this a missing answer is left to the rescuer.
            account: of the provider, by which they go.
        """
        providers = self._of(account)
        answers: SimpleQueue[list[Answered]] = SimpleQueue()
        missing = sum(map(len, groups))
        gathering = _Gathering(answers.put, missing, flush_rows, flush_seconds)
        sendings = [
            _send(
                _sender(providers, channel, group), group, (account, channel), deadline, gathering
            )
            for group in groups
        ]
        # One call for all: each wakes the loop's thread, and every wake costs both of us the GIL.
        self._loop.call_soon_threadsafe(self._start, sendings)
        while missing:
            HEART.beat(answer_time)
            try:
                company = answers.get(timeout=answer_time)
            except Empty:
                log.error("answers_missing", count=missing)
                return
            missing -= len(company)
            yield company

    def _start(self, sendings: Sequence[Coroutine[Any, Any, None]]) -> None:
        for sending in sendings:
            task = self._loop.create_task(sending)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def close(self) -> None:
        """Close the connections and end the loop."""
        self.run(self._providers.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _sender(providers: AccountProviders, channel: Channel, group: Sequence[Ticket]) -> Sender:
    if len(group) > 1:
        return providers.email.place_group
    return partial(_place_one, providers[channel])


async def _inside(connect: Callable[[], Providers]) -> Providers:
    return connect()


async def _place_one(
    provider: Provider, group: Sequence[Ticket], *, deadline: Moment
) -> list[Answer]:
    return [await provider.place(group[0], deadline=deadline)]


async def _send(
    send: Sender,
    group: Sequence[Ticket],
    way: tuple[str, Channel],
    deadline: Moment,
    gathering: "_Gathering",
) -> None:
    began = monotonic()
    try:
        given = await send(group, deadline=deadline)
    except Exception as error:  # noqa: BLE001  a bug of ours after the ticket: it may have been sent
        log.error("place_failed", attempt=group[0].attempt, error=type(error).__name__)
        given = [Unknown("error")] * len(group)
    seconds = monotonic() - began
    account, told = way[0], (way[1].value, kind_of(given[0]))
    MEASURED.note(ANSWER_TIME, told, seconds)
    MEASURED.note(ACCOUNT_ANSWERS, (account, *told), 1)
    gathering.add([Answered(*pair, seconds) for pair in zip(group, given, strict=True)])


class _Gathering:
    """Answers of one delivery on their way to be recorded, handed over some at a time.

    Lives on the loop, so that the recording thread is woken once for all of them.
    """

    def __init__(
        self, hand_over: Callable[[list[Answered]], None], missing: int, rows: int, seconds: float
    ) -> None:
        self._hand_over = hand_over
        self._missing = missing
        self._rows = rows
        self._seconds = seconds
        self._gathered: list[Answered] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, answered: list[Answered]) -> None:
        """Take answers; the first of some waits no longer than `seconds` for company."""
        self._gathered += answered
        self._missing -= len(answered)
        if len(self._gathered) >= self._rows or not self._missing:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        gathered, self._gathered = self._gathered, []
        self._hand_over(gathered)
