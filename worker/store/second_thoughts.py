"""Requests that an operator takes back, or gives one more chance. Locked in ascending order."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

# Whoever was contacted keeps the outcome that came of it; whoever was not is CANCELED.
_REMOVE = text("""
    WITH chosen AS (
        SELECT id, attempt_count = 0 OR channel_manager_status = 'CANCELED' AS untouched
        FROM communication_request
        WHERE batch = :batch AND reference_id = ANY (:reference_ids) AND request_status = 'PENDING'
        ORDER BY id FOR NO KEY UPDATE
    ), moved AS (
        UPDATE communication_request AS r
        SET request_status = CASE WHEN chosen.untouched THEN 'CANCELED' ELSE 'FAILED' END,
            channel_manager_status = CASE WHEN chosen.untouched THEN 'CANCELED'
                WHEN r.channel_manager_status = 'PENDING' THEN 'NO_OUTCOME'
                ELSE r.channel_manager_status END,
            moved_by = 'operator', moved_why = 'removed by ' || :by
        FROM chosen WHERE r.id = chosen.id AND r.request_status = 'PENDING'
        RETURNING r.id
    )
    DELETE FROM queue WHERE request IN (SELECT id FROM moved)
""")

_RETRY = text("""
    WITH chosen AS (
        SELECT id FROM communication_request
        WHERE batch = :batch AND request_status = 'FAILED' AND address IS NOT NULL
            AND (CAST(:reference_ids AS text[]) IS NULL OR reference_id = ANY (:reference_ids))
        ORDER BY id FOR NO KEY UPDATE
    ), moved AS (
        UPDATE communication_request AS r
        SET request_status = 'PENDING', extra_attempts = r.extra_attempts + 1,
            moved_by = 'operator', moved_why = 'retry asked for by ' || :by
        FROM chosen WHERE r.id = chosen.id AND r.request_status = 'FAILED'
        RETURNING r.id, r.batch
    )
    INSERT INTO queue (request, batch, due_at)
    SELECT id, batch, clock_timestamp() FROM moved ORDER BY id
""")


def remove(connection: Connection, batch: int, reference_ids: Sequence[str], by: str) -> int:
    """Close what still waits. Returns how many were closed."""
    chosen = {"batch": batch, "reference_ids": list(reference_ids), "by": by}
    return connection.execute(_REMOVE, chosen).rowcount


def retry(connection: Connection, batch: int, reference_ids: Sequence[str] | None, by: str) -> int:
    """Queue what FAILED once more, with one extra attempt. Returns how many were queued."""
    named = None if reference_ids is None else list(reference_ids)
    chosen = {"batch": batch, "reference_ids": named, "by": by}
    return connection.execute(_RETRY, chosen).rowcount
