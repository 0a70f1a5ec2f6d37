"""A moment on two clocks, because each misses a kind of standing still that the other sees.

The boot clock goes on while the machine sleeps or the process is stopped, and nobody can set it; but a
virtual machine that its host suspends does not see it move. The wall clock is put right after that.
"""

import time
from dataclasses import dataclass
from typing import Self

_BOOT_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_clock() -> float:
    """Seconds on a clock that also counts while the machine is suspended, where there is one."""
    return time.clock_gettime(_BOOT_CLOCK)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment at which something happened, or must have: seconds on `boot_clock`, and since 1970.

    A deadline is one, and no type beside it: it is made from the moment before begin was asked (`later`),
    and compared with nothing but now (`passed`), so that its two numbers are never taken for a duration.
    """

    boot: float
    wall: float

    @classmethod
    def now(cls) -> Self:
        """This moment."""
        return cls(boot_clock(), time.time())

    def later(self, seconds: float) -> "Moment":
        """So many seconds after it."""
        return Moment(self.boot + seconds, self.wall + seconds)

    @property
    def passed(self) -> bool:
        """True if it lies behind us by either clock: a wall clock put forward refuses once too often."""
        return boot_clock() >= self.boot or time.time() >= self.wall
