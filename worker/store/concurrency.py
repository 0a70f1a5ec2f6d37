"""How many calls may be under way at once, over all workers: counted where they are written down.

A count kept elsewhere would drift with every worker that dies in mid-call; an attempt is closed by its
outcome, whoever records it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, text

from worker.domain.statuses import Channel
from worker.store import attempts, queue
from worker.store.attempts import Begun
from worker.store.queue import Chunk

BEGIN_LOCK = 7_230_012

# Twilio ends a call after four hours. One whose outcome never came holds its place no longer.
# https://www.twilio.com/docs/voice/api/call-resource#parameters: TimeLimit
LONGEST_CALL = timedelta(hours=4)

# The states stand as in the index `attempt_calls`.
_UNDER_WAY = text("""
    SELECT count(*) FROM attempt
    WHERE channel = 'voice' AND state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED')
        AND began_at > clock_timestamp() - CAST(:longest AS interval)
""")


def is_limited(mode: Channel, limit: int) -> bool:
    """Whether there are places to be counted: calls alone have any, and 0 stands for any number."""
    return limit > 0 and mode is Channel.VOICE


def free(connection: Connection, mode: Channel, limit: int) -> int | None:
    """How many calls may still begin; None where nothing limits them.

    Args:
        connection: in a transaction.
        mode: only calls are limited.
        limit: how many may be under way at once; 0: any number.
    """
    if not is_limited(mode, limit):
        return None
    under_way = connection.scalar(_UNDER_WAY, {"longest": LONGEST_CALL})
    assert isinstance(under_way, int)
    return max(0, limit - under_way)


def room(connection: Connection, mode: Channel, limit: int, wanted: int) -> int:
    """As many of the wanted claims as could begin now."""
    left = free(connection, mode, limit)
    return wanted if left is None else min(wanted, left)


# Before the turn: whoever has that waits for nobody's batch, or a batch that somebody holds would keep
# every campaign from beginning.
_LOCK_BATCH = text("SELECT FROM communication_batch WHERE id = :batch FOR NO KEY UPDATE")


def begin(
    connection: Connection,
    chunk: Chunk,
    requests: Sequence[int],
    *,
    limit: int,
    send_window: timedelta,
    answer_time: timedelta,
) -> tuple[list[Begun], dict[int, str]]:
    """Begin as `attempts.begin` does, but no more calls than there are places for.

    Whoever begins waits for those before to commit, so that each counts what all others began. The
    rest is handed back with the reason `no_slot` and may be claimed again at once.
    """
    connection.execute(_LOCK_BATCH, {"batch": chunk.batch})
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": BEGIN_LOCK})
    placed = room(connection, chunk.mode, limit, len(requests))
    begun, handed_back = attempts.begin(
        connection, chunk, requests[:placed], send_window=send_window, answer_time=answer_time
    )
    if rest := requests[placed:]:
        queue.release(connection, replace(chunk, requests=tuple(rest)))
    return begun, handed_back | dict.fromkeys(rest, "no_slot")
