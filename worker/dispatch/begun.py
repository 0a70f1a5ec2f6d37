"""A process's word on the roll: what it has begun, and whether it may begin more."""

import os
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING
from uuid import uuid4

from worker.domain.roll import KEPT, BegunCall, Member
from worker.providers.deadline_clock import boot_clock
from worker.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from worker.store.attempts import Begun

LEASE = 20.0
"""Seconds after its last word on the roll for which a process begins: others may take it for gone later."""


class NotNow(StoreUnavailable):
    """Nothing begins here until it is known which database leads."""


class Beginnings:
    """The begins of one process.

    One that is not on the roll begins whenever it is asked; one that is, only while its word is fresh.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._calls: deque[BegunCall] = deque(maxlen=KEPT)
        self._under_way = 0
        self._closed = False
        self._spoke_at: float | None = None
        self._speak: Callable[[], object] | None = None
        self.newest_asked_at = 0.0
        """When the newest begin that was acknowledged was asked for, by the clock that counts sleep."""
        self.me = Member("", "", socket.gethostname(), os.getpid())

    def enrol(self, kind: str, speak: Callable[[], object]) -> None:
        """From now on it begins only once it is opened, while its word is fresh; `speak` makes it so."""
        self._calls.clear()
        self._closed = True
        self._speak, self._spoke_at = speak, None
        self.me = Member(str(uuid4()), kind, socket.gethostname(), os.getpid())

    @property
    def is_enrolled(self) -> bool:
        """Return whether it is on the roll."""
        return self._speak is not None

    def word(self, *, on: int, left: int = 0) -> Member:
        """Say what comes next on the roll."""
        with self._changed:
            calls = tuple(self._calls)
        self.me = Member(
            self.me.uid, self.me.kind, self.me.host, self.me.pid, on, left, calls, self.me.word + 1
        )
        return self.me

    def spoke(self, at: float) -> None:
        """Its word was taken, which it began to say then."""
        self._spoke_at = at

    @contextmanager
    def asking(self) -> Iterator[Callable[["Sequence[Begun]"], None]]:
        """Around one call of begin; gives what its tickets are told to.

        Raises:
            NotNow: it may not begin.
        """
        if self._speak and (self._spoke_at is None or boot_clock() - self._spoke_at > LEASE):
            self._speak()
        asked_at = boot_clock()
        with self._changed:
            if self._closed:
                raise NotNow("nothing begins here until it is known which database leads")
            self._under_way += 1
        try:
            yield lambda begun: self._note(begun, asked_at)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _note(self, begun: "Sequence[Begun]", asked_at: float) -> None:
        if begun:
            with self._changed:
                self._calls.append(BegunCall(str(begun[0].token), len(begun)))
                self.newest_asked_at = max(self.newest_asked_at, asked_at)

    def close(self, seconds: float) -> bool:
        """Begin nothing more. Returns whether nothing is under way any more, which it waits for."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: not self._under_way, seconds)

    def forget(self) -> None:
        """What it began is on an older timeline than it begins on from now on."""
        with self._changed:
            self._calls.clear()

    def open(self) -> None:
        """Begin again."""
        with self._changed:
            self._closed = False

    @property
    def is_closed(self) -> bool:
        """Return whether it begins nothing, and nothing is under way."""
        with self._changed:
            return self._closed and not self._under_way


BEGUN = Beginnings()
"""This process's."""
