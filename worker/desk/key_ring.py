"""The keys' owners, as each process knows them: asked for every call, read once a second."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from threading import Lock
from time import monotonic

from worker.desk.keys import digest_of
from worker.domain.callers import AccessKey
from worker.store import keys
from worker.store.connect import Engine, StoreUnavailable, in_one_statement

FRESH_SECONDS = 1.0
"""For how long the keys are known without asking: a revoked one is refused after this and one query."""

NOTED_SECONDS = 60.0
"""How often a key's use is written down: once in this time and process, however often it is used."""

NOBODY: tuple[bytes, None] = (bytes(32), None)
"""What a wrong key is compared with."""


@dataclass(slots=True)
class CallMeter:
    """A meter of the calls that a key may still make: a bucket that holds a second's worth."""

    left: float
    at: float

    def seconds_to_wait(self, per_second: int, now: float) -> float:
        """Take one call; where there is none, in how many seconds there will be."""
        self.left = min(float(per_second), self.left + (now - self.at) * per_second)
        self.at = now
        if self.left < 1:
            return (1 - self.left) / per_second
        self.left -= 1
        return 0.0


class KeyRing:
    """The keys in force, all of them in memory: a wrong one is looked for exactly as a right one is.

    One query a second reads them, whatever is shown: nobody makes the database work by wrong keys.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = monotonic) -> None:
        self._engine, self._clock = engine, clock
        self._keys: Mapping[bytes, tuple[bytes, AccessKey]] = {}
        self._read_at = float("-inf")
        self._reading = Lock()
        self._metering = Lock()
        self._meters: dict[int, CallMeter] = {}
        self._noted: dict[int, float] = {}

    @property
    def is_fresh(self) -> bool:
        """Return whether what is in memory may be gone by."""
        return self._clock() - self._read_at < FRESH_SECONDS

    def refresh(self) -> None:
        """Read the keys, unless somebody else did meanwhile.

        Raises:
            StoreUnavailable: nobody is let in then.
        """
        with self._reading:
            if self.is_fresh:
                return
            asked_at = self._clock()
            valid = in_one_statement(self._engine, keys.valid)
            self._keys = {digest: (digest, key) for digest, key in valid.items()}
            self._read_at = asked_at

    def forget(self) -> None:
        """Read them again before the next call: this process has just made or revoked one."""
        self._read_at = float("-inf")

    def find(self, shown: str) -> AccessKey | None:
        """The key in force that was shown, as of the last reading."""
        digest = digest_of(shown)
        stored, found = self._keys.get(digest, NOBODY)
        return found if compare_digest(stored, digest) else None

    def seconds_to_wait(self, key: AccessKey) -> float:
        """Take one call of the key's; where it has none left, in how many seconds it has one."""
        now = self._clock()
        with self._metering:
            meter = self._meters.setdefault(key.id, CallMeter(float(key.per_second), now))
            return meter.seconds_to_wait(key.per_second, now)

    def is_use_due(self, key: AccessKey) -> bool:
        """Return whether this use is the one to be written down."""
        now = self._clock()
        if now - self._noted.get(key.id, float("-inf")) < NOTED_SECONDS:
            return False
        self._noted[key.id] = now
        return True

    def note_use(self, key: AccessKey) -> None:
        """Write down that it is in use; while the store takes nothing, that is left to a later use."""
        with suppress(StoreUnavailable):
            in_one_statement(self._engine, keys.note_use, key.id)
