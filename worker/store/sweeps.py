"""Closing what time has decided: expired and deleted batches, and batches with nothing left to do.

Driven by state, never by a look-back window: whenever such a row appears, the next sweep finds it.
"""

from sqlalchemy import Connection, text

# Nobody was contacted, or only by a call that never rang: CANCELED. Else the last outcome stays.
_CLOSE_PENDING = text("""
    WITH waiting AS (
        SELECT q.request, b.deleted_at IS NOT NULL AS deleted
        FROM communication_batch AS b JOIN queue AS q ON q.batch = b.id
        WHERE b.finished_at IS NULL AND (b.deleted_at IS NOT NULL OR b.expires_on <= now())
        ORDER BY q.request LIMIT :limit
    ), locked AS (
        SELECT r.id, waiting.deleted,
               r.attempt_count = 0 OR r.channel_manager_status = 'CANCELED' AS untouched,
               CASE WHEN r.channel_manager_status <> 'PENDING' THEN r.channel_manager_status
               ELSE coalesce((
                   SELECT t.channel_manager_status FROM status_transition AS t
                   WHERE t.request = r.id AND t.channel_manager_status <> 'PENDING'
                       AND t.attempt IS NOT NULL
                   ORDER BY t.id DESC LIMIT 1
               ), 'NO_OUTCOME') END AS outcome
        FROM communication_request AS r JOIN waiting ON waiting.request = r.id
        WHERE r.request_status = 'PENDING' ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED
    ), closed AS (
        UPDATE communication_request AS r
        SET request_status = CASE WHEN locked.untouched THEN 'CANCELED' ELSE 'FAILED' END,
            channel_manager_status = CASE WHEN locked.untouched THEN 'CANCELED'
                                     ELSE locked.outcome END,
            moved_by = CASE WHEN locked.deleted THEN 'operator' ELSE 'expiry' END,
            moved_why = CASE WHEN locked.deleted THEN 'batch deleted' ELSE 'batch expired' END
        FROM locked WHERE r.id = locked.id AND r.request_status = 'PENDING'
        RETURNING r.id
    )
    DELETE FROM queue WHERE request IN (SELECT id FROM closed)
""")


def close_pending(connection: Connection, limit: int) -> int:
    """Close PENDING requests of deleted and expired batches. Attempts under way live on.

    Returns:
        how many were closed; fewer than `limit` means none are left that are not locked.
    """
    return connection.execute(_CLOSE_PENDING, {"limit": limit}).rowcount


_OPEN = "request_status IN ('PENDING', 'INITIATED', 'CONNECTED')"
_OPEN_SUM = f"sum(n) FILTER (WHERE {_OPEN})"

_FINISH = text(f"""
    UPDATE communication_batch AS b SET finished_at = clock_timestamp()
    WHERE finished_at IS NULL AND (
        SELECT sum(n) > 0 AND coalesce({_OPEN_SUM}, 0) = 0 FROM request_count WHERE batch = b.id
    )
    RETURNING id
""")  # noqa: S608  _OPEN_SUM is a constant

# Of a finished batch nothing is left that counts open requests, unless work came back: so the question
# which have to be reopened reads what is open, and nothing of all that was ever finished. What sums up
# to nothing may go whoever else is counting: the total stays.
_FOLD = text(f"""
    WITH held AS MATERIALIZED (
        SELECT * FROM request_count WHERE batch = ANY (:batches) AND {_OPEN}
        ORDER BY batch, request_status, channel_manager_status, slot FOR UPDATE
    ), nothing AS (
        SELECT batch, request_status, channel_manager_status FROM held
        GROUP BY 1, 2, 3 HAVING sum(n) = 0
    )
    DELETE FROM request_count AS c USING nothing AS o, held AS h
    WHERE (h.batch, h.request_status, h.channel_manager_status)
            = (o.batch, o.request_status, o.channel_manager_status)
        AND (c.batch, c.request_status, c.channel_manager_status, c.slot)
            = (h.batch, h.request_status, h.channel_manager_status, h.slot)
        AND c.batch = ANY (:batches)
""")  # noqa: S608  _OPEN is a constant

_REOPEN = text(f"""
    UPDATE communication_batch AS b SET finished_at = NULL
    WHERE finished_at IS NOT NULL AND id = ANY (ARRAY(
        SELECT batch FROM request_count WHERE {_OPEN} GROUP BY batch HAVING sum(n) > 0
    ))
""")  # noqa: S608  _OPEN is a constant


def note_finished(connection: Connection) -> tuple[int, int]:
    """Set finished_at where every request is final, clear it where work came back.

    Returns:
        how many batches finished, and how many reopened.
    """
    finished = list(connection.scalars(_FINISH))
    if finished:
        connection.execute(_FOLD, {"batches": finished})
    return len(finished), connection.execute(_REOPEN).rowcount
