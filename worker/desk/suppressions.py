"""Who must not be contacted on a channel, by word of another system. Begin asks at the last moment."""

from datetime import datetime, timedelta

from worker.domain.errors import Mistake
from worker.domain.statuses import Mode, SuppressReason
from worker.domain.targets import Unreachable, normalize
from worker.domain.wire import stamp
from worker.store import suppressions
from worker.store.connect import Connection

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
    suppressions.suppress(connection, mode, _address(mode, target), reason, by)


def unsuppress_in(
    connection: Connection, mode: Mode, target: str, *, suppressed_at: datetime
) -> None:
    """Lift the suppression of that time; where none stands there is nothing to do.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
        SuppressedSince: a newer one stands, which this does not lift.
    """
    address = _address(mode, target)
    since = suppressions.since(connection, mode, address)
    if since is None:
        return
    if abs(since - suppressed_at) >= SAME:
        raise SuppressedSince(since)
    suppressions.lift(connection, mode, address)


def _address(mode: Mode, target: str) -> str:
    match normalize(mode, target, None):
        case Unreachable(reason):
            raise NobodyThere(reason)
        case str(address):
            return address
