"""The roll, on the server that remembers the database for all hosts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.domain.database_identity import RememberedIdentity
from worker.domain.roll import Member, read_member
from worker.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from redis import Redis

WHOLE = b"whole"
"""A field of the roll: nobody who may have begun anything is missing."""

# Only as long as nobody has said anything since it was judged: whoever comes to the roll later finds the new
# database remembered, and begins nothing on another one.
_ACCEPT = """
if redis.call('HLEN', KEYS[1]) ~= (#ARGV - 3) / 2 then return 0 end
for i = 4, #ARGV, 2 do
    if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
return 1
"""
_STRIKE = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0
"""
_CALL = """
if tonumber(redis.call('HGET', KEYS[1], 'timeline') or '0') < tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], 'timeline', ARGV[1], 'at', redis.call('TIME')[1])
end
return redis.call('TIME')[1] - redis.call('HGET', KEYS[1], 'at')
"""


class RollAway(StoreUnavailable):
    """The roll can't be asked at the moment, or was written by another release."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The roll at one moment."""

    written: dict[bytes, bytes]
    call: int
    """The newest timeline for whose sake everybody is asked; 0: none."""

    @property
    def is_whole(self) -> bool:
        """Return whether everybody who may have begun anything is on it."""
        return WHOLE in self.written

    @property
    def members(self) -> list[Member]:
        """Everybody on it."""
        return [read_member(one) for uid, one in self.written.items() if uid != WHOLE]


class Roll:
    """The roll of one deployment, beside the key under which its database is remembered."""

    def __init__(self, client: "Redis", memory: str) -> None:
        self._client: Any = client
        self._memory = memory
        self._roll, self._accepted, self._call = (
            f"{memory}:{part}" for part in ("roll", "accepted", "call")
        )

    def say(self, member: Member) -> Heard:
        """Put a member's word on the roll, and hear the others."""
        with self._guard(), self._client.pipeline() as at_once:
            at_once.hset(self._roll, member.uid, member.spelled())
            at_once.hgetall(self._roll)
            at_once.hget(self._call, "timeline")
            _, written, call = at_once.execute()
        return Heard(written, int(call or 0))

    def hear(self) -> Heard:
        """Everybody's last word."""
        with self._guard():
            call = self._client.hget(self._call, "timeline")
            return Heard(self._client.hgetall(self._roll), int(call or 0))

    def strike(self, uid: bytes, word: bytes) -> None:
        """Take a member off whose begins are all older than one of somebody else on it."""
        with self._guard():
            self._client.eval(_STRIKE, 1, self._roll, uid, word)

    def declare_whole(self) -> None:
        """Nobody who may have begun anything is missing from it."""
        with self._guard():
            self._client.hset(self._roll, WHOLE, b"1")

    def begin_anew(self, timeline: int) -> None:
        """Forget what was said of databases before: this one leads, because somebody says so."""
        with self._guard(), self._client.pipeline() as at_once:
            at_once.delete(self._roll, self._accepted)
            at_once.hset(self._call, "timeline", timeline)
            at_once.execute()

    def call(self, timeline: int) -> float:
        """Ask everybody to leave for a timeline. Returns for how many seconds they have been asked."""
        with self._guard():
            return float(self._client.eval(_CALL, 1, self._call, timeline))

    def accept(self, present: RememberedIdentity, before: int, judged: Heard) -> bool:
        """Remember a database in the place of the one before; False where somebody spoke since."""
        said = [part for word in judged.written.items() for part in word]
        keys = (self._roll, self._memory, self._accepted)
        with self._guard():
            done = self._client.eval(
                _ACCEPT, 3, *keys, present.spelled(), present.timeline, before, *said
            )
        return bool(done)

    def accepted(self) -> dict[int, int]:
        """The timelines that were accepted on proof, and which one each of them continues."""
        with self._guard():
            found = self._client.hgetall(self._accepted)
        return {int(timeline): int(before) for timeline, before in found.items()}

    @contextmanager
    def _guard(self) -> Iterator[None]:
        from redis.exceptions import RedisError  # noqa: PLC0415  by now it is there

        try:
            yield
        except (RedisError, ValueError) as error:
            raise RollAway(f"the roll can't be asked: {type(error).__name__}") from None


def roll_of(memories: Sequence[object]) -> Roll | None:
    """The roll beside the memory that all hosts share; None where they share none."""
    rolls = (getattr(one, "roll", None) for one in memories)
    return next((one for one in rolls if isinstance(one, Roll)), None)
