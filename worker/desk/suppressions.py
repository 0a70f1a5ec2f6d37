"""Who must not be contacted on a channel, by word of another system. Begin asks at the last moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain.errors import Mistake
from worker.domain.identities import identity_of
from worker.domain.statuses import Mode, SuppressReason
from worker.domain.targets import Unreachable, normalize
from worker.domain.wire import stamp
from worker.store import suppressions
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.suppressions import Suppressed

__all__ = [
    "Imported",
    "NobodyThere",
    "Suppressed",
    "SuppressedSince",
    "allow_recipient",
    "import_suppressed",
    "list_suppressed",
    "suppress_in",
    "suppress_recipient",
    "unsuppress_in",
]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found in its file."""

    suppressed: int
    faults: Sequence[tuple[int, str]]


# The wire carries milliseconds; the database knows microseconds.
SAME = timedelta(milliseconds=1)


class NobodyThere(Mistake):
    """The target names nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"target: {reason}")


class SuppressedSince(Mistake):
    """Another suppression stands than the one to be lifted."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"suppressed_at: the suppression that stands is of {stamp(at, fine=True)}")


def suppress_in(
    connection: Connection, mode: Mode, target: str, *, reason: SuppressReason, by: str
) -> None:
    """Suppress a recipient, known or not: no attempt to them begins once this has committed.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    suppressions.suppress(connection, mode, _identity(mode, target), reason, by)


def unsuppress_in(
    connection: Connection, mode: Mode, target: str, *, suppressed_at: datetime
) -> None:
    """Lift the suppression of that time; where none stands there is nothing to do.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
        SuppressedSince: a newer one stands, which this does not lift.
    """
    identity = _identity(mode, target)
    since = suppressions.since(connection, mode, identity)
    if since is None:
        return
    if abs(since - suppressed_at) >= SAME:
        raise SuppressedSince(since)
    suppressions.lift(connection, mode, identity)


def suppress_recipient(
    engine: Engine, mode: Mode, target: str, *, reason: SuppressReason, by: str
) -> None:
    """Suppress a recipient, in a transaction of its own.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    in_transaction(engine, lambda c: suppress_in(c, mode, target, reason=reason, by=by))


def allow_recipient(engine: Engine, mode: Mode, target: str) -> bool:
    """Lift whatever suppression stands.

    Returns:
        whether one stood.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    identity = _identity(mode, target)

    def step(connection: Connection) -> bool:
        stood = suppressions.since(connection, mode, identity) is not None
        suppressions.lift(connection, mode, identity)
        return stood

    return in_transaction(engine, step)


def list_suppressed(engine: Engine, mode: Mode | None, *, limit: int) -> list[Suppressed]:
    """Who is suppressed, the latest first."""
    return in_transaction(engine, lambda c: suppressions.newest(c, mode, limit))


def import_suppressed(
    engine: Engine, mode: Mode, targets: Iterable[str], *, reason: SuppressReason, by: str
) -> Imported:
    """Suppress many, all or none; a line that names nobody stops nobody else's.

    Returns:
        how many were named, and the lines (from 1) that name nobody, with the reason.
    """
    identities: list[str] = []
    faults: list[tuple[int, str]] = []
    for line, target in enumerate(targets, start=1):
        match normalize(mode, target, None):
            case Unreachable(why):
                faults.append((line, why))
            case str(address):
                identities.append(identity_of(mode, address))
    if identities:
        in_transaction(engine, lambda c: suppressions.suppress_all(c, mode, identities, reason, by))
    return Imported(len(identities), faults)


def _identity(mode: Mode, target: str) -> str:
    match normalize(mode, target, None):
        case Unreachable(reason):
            raise NobodyThere(reason)
        case str(address):
            return identity_of(mode, address)
