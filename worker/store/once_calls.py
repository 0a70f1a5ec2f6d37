"""Calls that are to have their effect once: claimed before it, and answered alike ever after."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, text, update

from worker.domain.contract.once_calls import OnceAnswer, OnceCall, OtherBody
from worker.domain.wire import Wire
from worker.store.schema import once_call

# Whoever died at it leaves it to the next who asks, some time later.
_CLAIM = text("""
    INSERT INTO once_call AS c (owner, route, key, digest) VALUES (:owner, :route, :key, :digest)
    ON CONFLICT (owner, route, key) DO UPDATE SET begun_at = clock_timestamp()
    WHERE c.status IS NULL AND c.digest = excluded.digest
        AND c.begun_at < clock_timestamp() - CAST(:lease AS interval)
    RETURNING key
""")


def claim(connection: Connection, call: OnceCall, lease: timedelta) -> OnceAnswer:
    """Take the call up, unless somebody is at it or it was answered.

    Raises:
        OtherBody: its key was used with another body.
    """
    row = {"owner": call.owner, "route": call.route, "key": call.key, "digest": call.digest}
    if connection.execute(_CLAIM, row | {"lease": lease}).first():
        return OnceAnswer(is_ours=True)
    query = select(once_call.c.digest, once_call.c.status, once_call.c.answer)
    found = connection.execute(query.where(*_is(call))).first()
    if found is None:
        return OnceAnswer(is_ours=False)
    if bytes(found.digest) != call.digest:
        raise OtherBody
    return OnceAnswer(False, found.status, found.answer)


def answer(connection: Connection, call: OnceCall, status: int, told: dict[str, Wire]) -> None:
    """It had its effect, and was answered so."""
    connection.execute(update(once_call).where(*_is(call)).values(status=status, answer=told))


def forget(connection: Connection, call: OnceCall) -> None:
    """It was refused, and had no effect: it may be made again."""
    connection.execute(delete(once_call).where(*_is(call), once_call.c.status.is_(None)))


def _is(call: OnceCall) -> tuple[ColumnElement[bool], ...]:
    columns = once_call.c
    return columns.owner == call.owner, columns.route == call.route, columns.key == call.key
