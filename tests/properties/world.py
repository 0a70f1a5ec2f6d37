"""A world outside of the protocol: a provider with a ledger, a clock that can be moved, and crashes."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import count
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from worker.dispatch.provider_loop import Answered, ProviderLoop
from worker.domain.content.tickets import LookupRequest, Ticket
from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.evidence.lookups import Lookup, Matches
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import Channel, ChannelStatus
from worker.providers import Moment

T = TypeVar("T")


class Crash(BaseException):
    """The process is gone: nothing below may catch it and carry on."""


class Fate(StrEnum):
    """What happens to one request to the provider."""

    ACCEPTED = "accepted"
    ANSWER_LOST = "accepted, answer lost"
    LOST = "lost on the way"
    REFUSED_CONNECTION = "connection refused"
    THROTTLED = "throttled"
    INVALID = "refused: invalid"
    OPTED_OUT = "refused: opted out"
    CRASH_BEFORE = "crash before the contact"
    CRASH_AFTER = "crash after the contact"


# A provider names no two calls alike, in whatever test.
_sids = count(1)

CONTACTS = {Fate.ACCEPTED, Fate.ANSWER_LOST, Fate.CRASH_AFTER}

ANSWERS: dict[Fate, Answer] = {
    Fate.ANSWER_LOST: Unknown("read_timeout"),
    Fate.LOST: Unknown("connection_lost"),
    Fate.REFUSED_CONNECTION: NotSent("refused"),
    Fate.THROTTLED: Throttled(None, "20429"),
    Fate.INVALID: Refused(Refusal.INVALID_TARGET, "21211"),
    Fate.OPTED_OUT: Refused(Refusal.OPTED_OUT, "21610"),
}

WORDS: dict[str, tuple[int, Meaning, ChannelStatus]] = {
    "initiated": (20, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "ringing": (30, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "in-progress": (40, Meaning.CONNECTED, ChannelStatus.IN_PROGRESS),
    "completed": (100, Meaning.REACHED, ChannelStatus.COMPLETED),
    "busy": (100, Meaning.MISSED, ChannelStatus.BUSY),
}


@dataclass(slots=True)
class Contact:
    """One person reached, with what the provider will say of it."""

    token: UUID
    sid: str
    story: tuple[str, ...]

    def report(self, index: int) -> Report:
        """The callback of one step of the story."""
        name = self.story[index]
        rank, meaning, channel_status = WORDS[name]
        return Report(
            channel=Channel.VOICE,
            key=f"{self.sid}:{index}",
            token=self.token,
            sid=self.sid,
            name=name,
            rank=rank,
            sequence=index,
            meaning=meaning,
            channel_status=channel_status,
        )


@dataclass(slots=True)
class Outside:
    """The provider: accepts as fate has it, keeps the ledger, answers when asked."""

    channel: Channel = Channel.VOICE
    fates: list[Fate] = field(default_factory=list)
    ledger: dict[UUID, Contact] = field(default_factory=dict)
    posts: Counter[UUID] = field(default_factory=Counter)
    on_contact: Callable[[Contact], None] | None = None

    async def place(self, ticket: Ticket, *, deadline: Moment) -> Answer:
        """One request, as the transport would carry it: nothing is written past the deadline."""
        if deadline.passed:
            return NotSent("deadline")
        fate = self.fates.pop(0) if self.fates else Fate.ACCEPTED
        if fate is Fate.CRASH_BEFORE:
            raise Crash
        if fate in CONTACTS:
            self._reach(ticket.token)
        if fate is Fate.CRASH_AFTER:
            raise Crash
        return ANSWERS.get(fate) or Accepted(self.ledger[ticket.token].sid)

    async def look_up(self, inquiry: LookupRequest) -> Lookup:
        """What is listed for this attempt, by its token: the sandbox of this world has no lag."""
        contact = self.ledger.get(inquiry.token)
        if contact is None:
            return Matches(())
        return Matches((contact.report(len(contact.story) - 1),))

    async def probe(self) -> bool:
        """It answers."""
        return True

    def _reach(self, token: UUID) -> None:
        self.posts[token] += 1
        number = next(_sids)
        ends = "busy" if number % 3 == 0 else "completed"
        talks = ("in-progress",) if ends == "completed" else ()
        self.ledger[token] = Contact(
            token, f"CA{number:032x}", ("initiated", "ringing", *talks, ends)
        )
        if self.on_contact:
            self.on_contact(self.ledger[token])


class OutsideLine:
    """What the use cases need of a `Line`, one request after the other, so that a crash is a crash."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one coroutine to its end."""
        return self._loop.run_until_complete(work)

    def carries(self, *_: object) -> bool:
        """Whatever it is."""
        return True

    def groups(self, _: str) -> bool:
        """Whatever the account."""
        return True

    def provider(self, *_: object) -> Outside:
        """Whoever is outside."""
        return self._outside

    def send(
        self, groups: Sequence[Sequence[Ticket]], _: Channel, *, deadline: Moment, **__: object
    ) -> Iterator[list[Answered]]:
        """Every ticket in turn, for calls share no request; each answer is its own flush."""
        for (ticket,) in groups:
            yield [Answered(ticket, self.run(self._outside.place(ticket, deadline=deadline)))]

    def close(self) -> None:
        """End the loop."""
        self._loop.close()


def loop_to(outside: Outside) -> ProviderLoop:
    """Typed as what it stands for."""
    return cast(ProviderLoop, OutsideLine(outside))


@dataclass(slots=True)
class CrashingEngine:
    """An engine whose process dies at the k-th transaction: before it, inside it, or after its commit."""

    engine: Engine
    at: int
    when: str
    seen: int = 0

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction, or the end."""
        self.seen += 1
        dies = self.seen == self.at
        if dies and self.when == "before":
            raise Crash
        with self.engine.begin() as connection:
            yield connection
            if dies and self.when == "inside":
                raise Crash
        if dies and self.when == "after":
            raise Crash

    def execution_options(self, **_: object) -> "CrashingEngine":
        """The same engine: a transaction is one whatever its isolation."""
        return self


_SHIFTS = (
    "UPDATE queue SET due_at = due_at - :by, lease_until = lease_until - :by",
    "UPDATE batch_pace SET next_claim_at = next_claim_at - :by, claimed_at = claimed_at - :by",
    "UPDATE batch_pace SET allowance_at = allowance_at - :by",
    "UPDATE attempt SET began_at = began_at - :by, send_by = send_by - :by",
    "UPDATE attempt SET check_at = check_at - :by, accepted_at = accepted_at - :by",
    "UPDATE communication_batch SET expires_on = expires_on - :by",
    "UPDATE inbox SET received_at = received_at - :by, next_try_at = next_try_at - :by",
)


def pass_time(engine: Engine, seconds: float) -> None:
    """The database tells the time; moving everything it remembers back is the same as waiting."""
    with engine.begin() as connection:
        for statement in _SHIFTS:
            connection.execute(text(statement), {"by": timedelta(seconds=seconds)})
