"""Is this the database we knew? A restored, cloned or failed-over one would call everyone twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Remembered:
    """Which database it is, and how far it had come."""

    system: str
    """The cluster's system identifier and the database's oid: a clone or a reload differs."""
    timeline: int
    """Grows with every failover and every recovery to a point in time."""
    position: int
    """Bytes of log flushed: a database behind where it has been went back in time."""


class Recognition(StrEnum):
    """What the memories say of the database at hand."""

    KNOWN = "known"
    """A memory agrees; empty memories may be refilled."""
    NEW = "new"
    """Nothing is remembered and nothing was ever attempted: ours to adopt."""
    STRANGER = "stranger"
    """A memory differs, or none is left of a database that has attempted before."""


def recognize(
    present: Remembered, memories: Sequence[Remembered | None], *, has_attempts: bool
) -> Recognition:
    """Hold the database at hand against every memory of it; any that differs decides."""
    kept = [memory for memory in memories if memory is not None]
    if not kept:
        return Recognition.STRANGER if has_attempts else Recognition.NEW
    return (
        Recognition.KNOWN
        if all(_continues(memory, present) for memory in kept)
        else Recognition.STRANGER
    )


def _continues(memory: Remembered, present: Remembered) -> bool:
    same = (memory.system, memory.timeline) == (present.system, present.timeline)
    return same and present.position >= memory.position
