"""The acts by which somebody is not contacted; and the lifting of one act, by somebody who says so."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.desk.suppressions import identity_at
from worker.domain.audit import Deed
from worker.domain.errors import Mistake
from worker.domain.statuses import Channel
from worker.domain.wire import stamp
from worker.store import audit, suppression_acts
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.suppression_acts import Suppression

__all__ = [
    "SeveralSuppressed",
    "SuppressedSince",
    "Suppression",
    "UnknownSuppression",
    "explain_suppressed",
    "lift_in",
    "lift_suppression",
    "list_suppressed",
]

# The wire carries milliseconds; the database knows microseconds.
SAME = timedelta(milliseconds=1)


class UnknownSuppression(Mistake):
    """No suppression has this number, or it is another person's."""

    def __init__(self, row: int) -> None:
        super().__init__(
            f"suppression: there is no {row} of theirs; see: outreach suppress explain"
        )


class SuppressedSince(Mistake):
    """Another suppression stands than the one to be lifted."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"suppressed_at: the suppression that stands is of {stamp(at, fine=True)}")


class SeveralSuppressed(Mistake):
    """More than one suppression is of that moment."""

    def __init__(self, rows: Sequence[int]) -> None:
        listed = ", ".join(map(str, rows))
        super().__init__(f"suppressed_at: name one of these by its suppression: {listed}")


def list_suppressed(engine: Engine, channel: Channel | None, *, limit: int) -> list[Suppression]:
    """List what is in force, the latest first."""
    return in_transaction(engine, suppression_acts.newest, channel, limit)


def explain_suppressed(engine: Engine, channel: Channel, target: str) -> list[Suppression]:
    """Every act that ever kept somebody from being contacted on a channel, lifted ones too.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    identity = identity_at(channel, target)
    return in_transaction(engine, suppression_acts.of_person, channel, identity)


def lift_suppression(engine: Engine, row: int, *, by: str, why: str | None = None) -> Suppression:
    """Lift one suppression, and no other.

    Returns:
        it as it stood before: one that was lifted already stays as it was.

    Raises:
        UnknownSuppression: there is none of this number.
    """

    def step(connection: Connection) -> Suppression:
        found = suppression_acts.lock_act(connection, row)
        if found is None:
            raise UnknownSuppression(row)
        _lift(connection, found, by, why)
        return found

    return in_transaction(engine, step)


def lift_in(
    connection: Connection,
    channel: Channel,
    target: str,
    *,
    suppression: int | None,
    suppressed_at: datetime | None,
    by: str,
    why: str | None,
) -> None:
    """Lift the one suppression of somebody that has this number or is of this time.

    Where it was lifted before, or nothing is in force, there is nothing to do.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
        UnknownSuppression: none of theirs has this number.
        SuppressedSince: none is of this time, and a newer one stands, which this does not lift.
        SeveralSuppressed: several are of this time.
    """
    told = suppression_acts.of_person(connection, channel, identity_at(channel, target))
    row = suppression if suppression is not None else _of_time(told, suppressed_at)
    if row is None:
        return
    held = suppression_acts.lock_act(connection, row) if row in {one.id for one in told} else None
    if held is None:
        raise UnknownSuppression(row)
    _lift(connection, held, by, why)


def _lift(connection: Connection, held: Suppression, by: str, why: str | None) -> None:
    if held.lifted_at is not None:
        return
    suppression_acts.lift(connection, [held.id], by=by, why=why)
    audit.note(connection, Deed.LIFT, f"suppression {held.id}", by, why=why)


def _of_time(told: Sequence[Suppression], at: datetime | None) -> int | None:
    assert at is not None
    then = [one.id for one in told if abs(one.suppressed_at - at) < SAME]
    in_force = [one for one in told if one.lifted_at is None]
    if len(then) > 1:
        raise SeveralSuppressed(then)
    if not then and in_force:
        raise SuppressedSince(in_force[-1].suppressed_at)
    return then[0] if then else None
