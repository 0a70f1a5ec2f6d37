"""This process's word on the roll, and its way from one database to the next. See `failover.py`."""

from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

import structlog

from worker.dispatch.begun import BEGUN, LEASE, Beginnings
from worker.dispatch.database_identity import know_the_database
from worker.domain.database_identity import Recognition
from worker.domain.roll import FOR_GOOD, read_member
from worker.providers.deadline_clock import boot_clock
from worker.store import database_identity
from worker.store.connect import Engine, in_transaction
from worker.store.database_identity import Pin
from worker.store.identity_stores import IdentityStore
from worker.store.rolls import WHOLE, Heard, Roll

log = structlog.get_logger()

UNDER_WAY = 20.0
"""Seconds that a begin may take that was asked for before."""
EVERY, SOON = 5.0, 0.5
"""Seconds between two words, and while it is open which database leads."""
OVER = LEASE + 20.0
"""Seconds of silence after which a process begins nothing more, and nothing that it began is sent."""


class Follower:
    """Keeps this process's word on the roll, and takes it from one database to the next.

    Args:
        engine: the one it begins with, pinned to its database.
        pin: what holds it there.
        ask: an engine whose next connection goes to whichever database answers now.
        memories: where the database is remembered.
        roll: beside the memory that all hosts share.
        begun: what this process begins.
    """

    def __init__(
        self,
        engine: Engine,
        pin: Pin,
        ask: Callable[[], Engine],
        memories: Sequence[IdentityStore],
        roll: Roll,
        begun: Beginnings = BEGUN,
    ) -> None:
        self._engine, self._pin, self._ask = engine, pin, ask
        self._memories, self._roll, self._begun = memories, roll, begun
        self._on = self._left = 0
        self._turn = Lock()
        self._seen: dict[bytes, tuple[bytes, float]] = {}
        self._lost_since: float | None = None
        self._ended = Event()
        self._thread = Thread(target=self._go_on, name="follower", daemon=True)

    def begin(self, kind: str) -> None:
        """Come to the roll and keep this process's word on it, from a thread.

        Raises:
            StoreUnavailable: the roll is away.
        """
        self.come(kind)
        self._thread.start()

    def come(self, kind: str) -> None:
        """Come to the roll, before this process looks which database leads.

        Raises:
            StoreUnavailable: the roll is away.
        """
        self._begun.enrol(kind, self.speak)
        self.speak()

    def stand(self) -> None:
        """It begins, from now on, on the timeline of the database that it is pinned to."""
        timeline = in_transaction(self._engine, database_identity.present).timeline
        self._begun.forget()
        self._on, self._left = timeline, 0
        if self.speak().call <= timeline:
            self._begun.open()

    def end(self) -> None:
        """It begins nothing any more, and never will."""
        self._ended.set()
        if self._begun.is_enrolled and self._begun.close(UNDER_WAY):
            self._left = FOR_GOOD
            self.speak()

    def speak(self) -> Heard:
        """Say that it lives, and what it began last."""
        with self._turn:
            at = boot_clock()
            heard = self._roll.say(self._begun.word(on=self._on, left=self._left))
            self._begun.spoke(at)
            if 0 < self._on < heard.call and self._left == 0:
                self._begun.close(0)
            self._strike_the_gone(heard)
            return heard

    def _go_on(self) -> None:
        while not self._ended.wait(SOON if self._begun.is_closed or not self._on else EVERY):
            try:
                self.step()
            except Exception as error:  # noqa: BLE001  whatever it was, the next step tries again
                log.debug("failover_waits", error=type(error).__name__)

    def step(self) -> None:
        """Speak; where everybody is asked for a newer database's sake, leave the one at hand and follow."""
        heard = self.speak()
        if self._left == FOR_GOOD or not self._on:
            return
        if heard.call > self._on:
            self._follow(heard.call)
        elif self._pin.is_strange:
            self._call_for_what_leads()
        elif self._begun.is_closed and self._leads(self._on):
            self.stand()  # an operator has called it off

    def _call_for_what_leads(self) -> None:
        """Where the database that answers now is on a newer timeline, ask everybody, and leave first."""
        timeline = in_transaction(self._ask(), database_identity.present).timeline
        if timeline > self._on:
            self._roll.call(timeline)
            self._follow(timeline)

    def _follow(self, timeline: int) -> None:
        if not self._begun.close(UNDER_WAY):
            return
        if self._left != timeline:
            self._left = timeline
            self.speak()
        if self._leads(timeline):
            self._engine.dispose()
            self.stand()
            log.warning("failover_followed", timeline=self._on)

    def _leads(self, timeline: int) -> bool:
        """Say whether a database on this timeline answers, and is known; the address may lead elsewhere."""
        engine = self._ask()
        if in_transaction(engine, database_identity.present).timeline != timeline:
            return False
        return know_the_database(engine, self._memories) is not Recognition.UNRECOGNIZED

    def _strike_the_gone(self, heard: Heard) -> None:
        """Whoever was gone before our newest begin was asked for has begun nothing behind it."""
        now, mine = boot_clock(), self._begun.me.uid.encode()
        for uid, word in heard.written.items():
            if uid in {mine, WHOLE}:
                continue
            said, since = self._seen.setdefault(uid, (word, now))
            if said != word:
                self._seen[uid] = (word, now)
                continue
            gone = since if _has_ended(word) else since + OVER
            if gone < min(now, self._begun.newest_asked_at):
                self._roll.strike(uid, word)
        if heard.is_whole:
            self._lost_since = None
            return
        self._lost_since = self._lost_since or now
        if self._lost_since + OVER < self._begun.newest_asked_at:
            self._roll.declare_whole()


def _has_ended(word: bytes) -> bool:
    return read_member(word).left == FOR_GOOD
