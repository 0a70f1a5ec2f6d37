"""Taking finished batches out of the tables that dispatch works on."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# The counts stay with the batch. Whoever still has an open attempt waits for its last word, and
# whoever is told by webhook has taken it or was given up.
_RIPE = text("""
    SELECT b.batch_id FROM communication_batch AS b
    WHERE b.finished_at < clock_timestamp() - CAST(:age AS interval)
        AND b.batch_id <> ALL (:passed_over)
        AND NOT EXISTS (SELECT FROM attempt AS a WHERE a.batch = b.id AND a.check_at IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM webhook_delivery AS w JOIN communication_request AS r ON r.id = w.request
            WHERE r.batch = b.id AND w.next_try_at IS NOT NULL)
        AND (b.archived_at IS NULL
             OR EXISTS (SELECT FROM communication_request AS r WHERE r.batch = b.id))
    ORDER BY b.finished_at LIMIT :limit
""")


def ripe(
    connection: Connection, age: timedelta, limit: int, *, passed_over: Collection[str] = ()
) -> list[str]:
    """Batches finished longer ago than `age`, and those of which an archive was left half done."""
    chosen = {"age": age, "limit": limit, "passed_over": list(passed_over)}
    return list(connection.scalars(_RIPE, chosen))


_LONGEST_CAP = text("""
    SELECT coalesce(max(frequency_days), 0) FROM campaign WHERE frequency_cap IS NOT NULL
""")


def longest_cap(connection: Connection) -> timedelta:
    """Return how far back any campaign looks to count whom it has contacted."""
    return timedelta(days=connection.scalar(_LONGEST_CAP) or 0)


# After the batch is locked, in a statement of its own: a retry may have queued something meanwhile.
_MARK = text("""
    UPDATE communication_batch AS b SET archived_at = clock_timestamp()
    WHERE b.id = :batch AND b.archived_at IS NULL AND b.finished_at = :finished_at
        AND NOT EXISTS (SELECT FROM queue AS q WHERE q.batch = b.id)
        AND NOT EXISTS (SELECT FROM attempt AS a WHERE a.batch = b.id AND a.check_at IS NOT NULL)
""")


def mark(connection: Connection, batch: int, finished_at: datetime) -> bool:
    """From here on nothing can be added to the batch, whose turn and row the caller holds.

    Returns:
        False where it is no longer finished, or was finished anew: there is more than was seen.
    """
    return connection.execute(_MARK, {"batch": batch, "finished_at": finished_at}).rowcount == 1


_IS_ARCHIVED = text("""
    SELECT EXISTS (
        SELECT FROM communication_batch WHERE id = :batch AND archived_at IS NOT NULL
    )
""")


def is_archived(connection: Connection, batch: int) -> bool:
    """Return whether what hung on the batch was taken out of these tables."""
    return bool(connection.scalar(_IS_ARCHIVED, {"batch": batch}))


# Locked before anything that hangs on them is read: what is written for a request under its lock is
# there to be deleted, and who waits for the lock finds the request gone.
_CHOOSE = text("""
    SELECT r.id FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
    WHERE b.batch_id = :batch_id AND b.archived_at IS NOT NULL
    ORDER BY r.id LIMIT :limit FOR UPDATE OF r
""")
_DROP = tuple(
    text(statement)
    for statement in (
        """INSERT INTO archived_attempt (token, recipient, sid)
               SELECT token, recipient, sid FROM attempt
               WHERE request = ANY (:requests) AND counted ON CONFLICT DO NOTHING""",
        "DELETE FROM webhook_delivery WHERE request = ANY (:requests)",
        "DELETE FROM status_transition WHERE request = ANY (:requests)",
        """INSERT INTO heard_act SELECT i.key FROM inbox AS i JOIN attempt AS a ON a.id = i.attempt
               WHERE a.request = ANY (:requests) AND i.applied_at IS NOT NULL
                   AND i.report ->> 'suppress' IS NOT NULL ON CONFLICT DO NOTHING""",
        """DELETE FROM inbox WHERE next_try_at IS NULL AND attempt IN
               (SELECT id FROM attempt WHERE request = ANY (:requests))""",
        """DELETE FROM sid USING attempt AS a
               WHERE a.request = ANY (:requests) AND sid.sid = a.sid AND sid.attempt = a.id""",
        "DELETE FROM attempt WHERE request = ANY (:requests)",
        "DELETE FROM communication_request WHERE id = ANY (:requests)",
    )
)


def drop_some(connection: Connection, batch_id: str, limit: int) -> int:
    """Delete up to `limit` requests of an archived batch with all that hangs on them. How many.

    Whom each attempt was to is kept, and which acts were heard: they may say stop for years. So is what was
    reported and waits to be applied.
    """
    requests = list(connection.scalars(_CHOOSE, {"batch_id": batch_id, "limit": limit}))
    for statement in _DROP if requests else ():
        connection.execute(statement, {"requests": requests})
    return len(requests)
