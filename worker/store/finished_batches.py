"""Noting which batches have nothing left to do, and which have work again.

Driven by state, never by a look-back window: whenever such a row appears, the next sweep finds it.
"""

from sqlalchemy import Connection, text

_OPEN = "request_status IN ('PENDING', 'INITIATED', 'CONNECTED')"
_OPEN_SUM = f"sum(n) FILTER (WHERE {_OPEN})"

_FINISH = text(f"""
    UPDATE communication_batch AS b SET finished_at = clock_timestamp()
    WHERE finished_at IS NULL
        AND NOT EXISTS (SELECT FROM upload AS u WHERE u.batch = b.id AND u.finished_at IS NULL)
        AND (
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
        UNION SELECT batch FROM upload WHERE upload.finished_at IS NULL
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
