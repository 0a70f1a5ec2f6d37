"""Is this the database we knew? A restored, cloned or failed-over one would call everyone twice."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from re import fullmatch

UNRECOGNIZED_REASON = (
    "the database was restored, cloned or failed over: check, then resume --after-restore"
)
"""Why a database that nobody has accepted is halted."""


class RefusedToStart(Exception):
    """Nothing may be sent from here until somebody has mended it; its text is one sentence."""


@dataclass(frozen=True, slots=True)
class RememberedIdentity:
    """The identity of a database, and how far it had come."""

    system: str
    """The cluster's system identifier and the database's oid: a clone or a reload differs."""
    timeline: int
    """Grows with every failover and every recovery to a point in time."""
    position: int
    """Bytes of log flushed: a database behind where it has been went back in time."""

    def spelled(self) -> str:
        """As a memory keeps it."""
        return json.dumps(asdict(self))


class Unreadable(ValueError):
    """A memory whose content is nothing that we would have written."""


def read_identity(kept: bytes | str) -> RememberedIdentity:
    """Read what `spelled` wrote.

    Raises:
        Unreadable: somebody or something else wrote it.
    """
    found = _parse(kept)
    if isinstance(found, dict) and {n: type(v) for n, v in found.items()} == _FIELDS:
        known = RememberedIdentity(**found)
        if fullmatch(r"\d+:\d+", known.system) and known.timeline > 0 and known.position >= 0:
            return known
    raise Unreadable


_FIELDS = {"system": str, "timeline": int, "position": int}


def _parse(kept: bytes | str) -> object:
    try:
        return json.loads(kept)
    except (ValueError, RecursionError):
        raise Unreadable from None


class Recognition(StrEnum):
    """The judgement of the memories on the database at hand."""

    KNOWN = "known"
    """A memory agrees; empty memories may be refilled."""
    NEW = "new"
    """Nothing is remembered and nothing was ever attempted: ours to adopt."""
    UNRECOGNIZED = "unrecognized"
    """A memory differs, or none is left of a database that has attempted before."""


def differing(present: RememberedIdentity, memory: RememberedIdentity | None) -> str | None:
    """Return what a memory says against the database at hand, in words; None where it agrees."""
    if memory is None:
        return "nothing is remembered, though it has called before"
    if memory.system != present.system:
        return f"another database is remembered ({memory.system}, this is {present.system})"
    if memory.timeline != present.timeline:
        return f"timeline {memory.timeline} is remembered, this is {present.timeline}"
    if memory.position > present.position:
        return f"it is {memory.position - present.position} bytes behind what is remembered"
    return None


def carry_over(
    memories: Sequence[RememberedIdentity | None], accepted: Mapping[int, int]
) -> list[RememberedIdentity | None]:
    """Read each memory as it was meant to be, once the timeline it holds was followed by proof.

    Args:
        memories: what each of them holds.
        accepted: the timelines that were accepted, and which one each of them continues.
    """
    follows = {before: timeline for timeline, before in accepted.items()}
    carried: list[RememberedIdentity | None] = []
    for one in memories:
        known = one
        while known and known.timeline in follows:
            # How far the one before had come says nothing of this one, which begins where it branched off.
            known = RememberedIdentity(known.system, follows[known.timeline], 0)
        carried.append(known)
    return carried


def failed_over(
    present: RememberedIdentity, memories: Sequence[RememberedIdentity | None]
) -> int | None:
    """Return the timeline that is remembered, where the database at hand is on a later one; else None."""
    kept = [one for one in memories if one is not None]
    later = [one for one in kept if one.timeline < present.timeline]
    if not later or any(one.system != present.system for one in kept):
        return None
    return None if any(one.timeline > present.timeline for one in kept) else later[0].timeline


def recognize(
    present: RememberedIdentity,
    memories: Sequence[RememberedIdentity | None],
    *,
    has_attempts: bool,
) -> Recognition:
    """Hold the database at hand against every memory of it; any that differs decides."""
    kept = [memory for memory in memories if memory is not None]
    if not kept:
        return Recognition.UNRECOGNIZED if has_attempts else Recognition.NEW
    agree = all(differing(present, memory) is None for memory in kept)
    return Recognition.KNOWN if agree else Recognition.UNRECOGNIZED
