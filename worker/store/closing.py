"""Closing requests that still wait: their batch expired or was deleted, or an operator removed them.

One rule says what each ends as, so that the same history ends the same whoever closes it.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

# The outcome that a closed request shows, of a row `r` that is locked: CANCELED where nobody was
# contacted, or only by calls that never rang. Else the last outcome of an attempt, which a later one that
# got lost does not hide. It stands in the SELECT that locks, so that it is read anew after a wait.
_ENDING = """
    CASE WHEN r.attempt_count = 0 THEN 'CANCELED' ELSE coalesce(
        CASE WHEN r.channel_manager_status NOT IN ('PENDING', 'CANCELED')
            THEN r.channel_manager_status END,
        (SELECT t.channel_manager_status FROM status_transition AS t
         WHERE t.request = r.id AND t.attempt IS NOT NULL
             AND t.to_status NOT IN ('INITIATED', 'CONNECTED') AND t.channel_manager_status <> 'PENDING'
         ORDER BY t.channel_manager_status = 'CANCELED', t.id DESC LIMIT 1),
        nullif(r.channel_manager_status, 'PENDING'),
        'NO_OUTCOME') END AS ending
"""
_END = """
    request_status = CASE ending WHEN 'CANCELED' THEN 'CANCELED' ELSE 'FAILED' END,
    channel_manager_status = ending
"""

_CLOSE_PENDING = text(f"""
    WITH waiting AS (
        SELECT q.request, b.deleted_at IS NOT NULL AS deleted
        FROM communication_batch AS b JOIN queue AS q ON q.batch = b.id
        WHERE b.finished_at IS NULL AND (b.deleted_at IS NOT NULL OR b.expires_on <= now())
        ORDER BY q.request LIMIT :limit
    ), locked AS (
        SELECT r.id, waiting.deleted, {_ENDING}
        FROM communication_request AS r JOIN waiting ON waiting.request = r.id
        WHERE r.request_status = 'PENDING' ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED
    ), closed AS (
        UPDATE communication_request AS r
        SET {_END},
            moved_by = CASE WHEN locked.deleted THEN 'operator' ELSE 'expiry' END,
            moved_why = CASE WHEN locked.deleted THEN 'batch deleted' ELSE 'batch expired' END
        FROM locked WHERE r.id = locked.id AND r.request_status = 'PENDING'
        RETURNING r.id
    )
    DELETE FROM queue WHERE request IN (SELECT id FROM closed)
""")  # noqa: S608  constants

# Locked in a statement of its own: the queue is read as it stands once nobody else writes to it.
_LOCK_WAITING = text("""
    SELECT FROM communication_request
    WHERE batch = :batch AND reference_id = ANY (:reference_ids) AND request_status = 'PENDING'
    ORDER BY id FOR NO KEY UPDATE
""")

_REMOVE = text(f"""
    WITH chosen AS (
        SELECT r.id, {_ENDING}
        FROM communication_request AS r
        WHERE batch = :batch AND reference_id = ANY (:reference_ids) AND request_status = 'PENDING'
        ORDER BY id FOR NO KEY UPDATE
    ), closed AS (
        UPDATE communication_request AS r
        SET {_END}, moved_by = 'operator', moved_why = 'removed by ' || :by
        FROM chosen WHERE r.id = chosen.id AND r.request_status = 'PENDING'
        RETURNING r.id
    )
    DELETE FROM queue WHERE request IN (SELECT id FROM closed)
""")  # noqa: S608  constants


_ANY_MISSING = text("""
    SELECT EXISTS (
        SELECT FROM unnest(CAST(:reference_ids AS text[])) AS wanted (reference_id) WHERE NOT EXISTS (
            SELECT FROM communication_request AS r
            WHERE r.batch = :batch AND r.reference_id = wanted.reference_id
        )
    )
""")


def close_pending(connection: Connection, limit: int) -> int:
    """Close PENDING requests of deleted and expired batches. Attempts under way live on.

    Driven by state, never by a look-back window: whenever such a row appears, the next call finds it.

    Returns:
        how many were closed; fewer than `limit` means none are left that are not locked.
    """
    return connection.execute(_CLOSE_PENDING, {"limit": limit}).rowcount


def any_missing(connection: Connection, batch: int, reference_ids: Sequence[str]) -> bool:
    """Return whether one of the references is not in the batch, as far as it is committed."""
    chosen = {"batch": batch, "reference_ids": list(reference_ids)}
    return bool(connection.scalar(_ANY_MISSING, chosen))


def remove(connection: Connection, batch: int, reference_ids: Sequence[str], by: str) -> int:
    """Close those of the named requests that still wait. Returns how many were closed."""
    chosen = {"batch": batch, "reference_ids": list(reference_ids), "by": by}
    connection.execute(_LOCK_WAITING, chosen)
    return connection.execute(_REMOVE, chosen).rowcount
