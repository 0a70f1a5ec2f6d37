"""A corrected row replaces a bad one: while nobody was ever tried for it, and never after.

Runs in ingest's turn, between staging and setting aside. Locks as everybody does, recipients before
requests, and looks at what is locked in statements of its own: whatever began meanwhile is seen.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from worker.domain.statuses import REPLACEABLE, Channel

# Only the first row of a reference counts. Whoever is new has been remembered already.
_MEANT = text("""
    WITH first AS (
        SELECT DISTINCT ON (reference_id) * FROM staged ORDER BY reference_id, line
    )
    SELECT coalesce(array_agg(r.id), '{}') AS requests,
           coalesce(array_agg(r.recipient) FILTER (WHERE r.recipient IS NOT NULL), '{}') AS former,
           coalesce(array_agg(p.id), '{}') AS recipients
    FROM first AS s JOIN communication_request AS r
        ON r.batch = :batch AND r.reference_id = s.reference_id
    JOIN recipient AS p ON p.channel = :channel AND p.identity = s.identity
    WHERE (r.target, r.request_variables) <> (s.target, s.request_variables)
""")

_LOCK_RECIPIENTS = text("""
    SELECT FROM recipient WHERE id = ANY (:recipients) ORDER BY id FOR NO KEY UPDATE
""")

# Those that repeat what is replaced are judged anew with it.
_LOCK_REQUESTS = text("""
    SELECT FROM communication_request
    WHERE id = ANY (:requests) OR (batch = :batch AND is_duplicate AND recipient = ANY (:former))
    ORDER BY id FOR NO KEY UPDATE
""")

# Whoever has the identity already keeps it, also where it is replaced itself.
_REPLACE = text("""
    WITH meant AS (
        SELECT DISTINCT ON (s.reference_id) s.*, r.id, p.id AS recipient, p.suppress_reason,
               r.request_status AS was, r.recipient = p.id AND NOT r.is_duplicate AS has_it
        FROM staged AS s JOIN communication_request AS r
            ON r.batch = :batch AND r.reference_id = s.reference_id AND r.id = ANY (:requests)
        JOIN recipient AS p ON p.channel = :channel AND p.identity = s.identity
        WHERE r.request_status = ANY (:replaceable)
            AND NOT EXISTS (SELECT FROM attempt AS a WHERE a.request = r.id)
        ORDER BY s.reference_id, s.line
    ), judged AS (
        SELECT meant.*, CASE
            WHEN EXISTS (
                SELECT FROM communication_request AS other
                WHERE other.batch = :batch AND other.recipient = meant.recipient
                    AND NOT other.is_duplicate AND other.id <> meant.id
            ) OR row_number() OVER (PARTITION BY recipient ORDER BY has_it DESC NULLS LAST, line) > 1
            THEN 'DUPLICATE'
            WHEN suppress_reason IS NOT NULL OR filtered IS NOT NULL THEN 'SKIPPED'
            ELSE 'PENDING' END AS status
        FROM meant
    ), replaced AS (
        UPDATE communication_request AS r
        SET recipient = j.recipient, is_duplicate = j.status = 'DUPLICATE', target = j.target,
            address = j.address, request_variables = j.request_variables,
            request_status = j.status, channel_manager_status = CASE
                WHEN j.status <> 'SKIPPED' THEN j.status
                WHEN j.suppress_reason IS NOT NULL THEN 'PRIOR_' || upper(j.suppress_reason)
                ELSE 'FILTERED_LINE_TYPE' END,
            error_code = CASE WHEN j.status = 'SKIPPED' AND j.suppress_reason IS NULL
                         THEN 'filtered' END,
            error_message = CASE WHEN j.status = 'SKIPPED' AND j.suppress_reason IS NULL
                            THEN j.filtered END,
            moved_by = 'operator', moved_why = 'replaced'
        FROM judged AS j WHERE r.id = j.id
        RETURNING r.id, r.request_status, j.was
    ), told AS (
        INSERT INTO status_transition
            (request, from_status, to_status, channel_manager_status, at, cause, detail)
        SELECT id, was, request_status, request_status, clock_timestamp(), 'operator', 'replaced'
        FROM replaced WHERE was = request_status ORDER BY id
    )
    SELECT coalesce(array_agg(id), '{}') FROM replaced
""")

# The first of those that repeated only what was replaced, or each other, stands for itself now.
_STAND_ALONE = text("""
    WITH alone AS (
        SELECT DISTINCT ON (r.recipient) r.id, p.suppress_reason, s.filtered
        FROM communication_request AS r JOIN recipient AS p ON p.id = r.recipient
        LEFT JOIN staged AS s ON s.reference_id = r.reference_id AND s.target = r.target
        WHERE r.batch = :batch AND r.is_duplicate AND r.recipient = ANY (:former)
            AND NOT EXISTS (
                SELECT FROM communication_request AS other
                WHERE other.batch = :batch AND other.recipient = r.recipient
                    AND NOT other.is_duplicate
            )
        ORDER BY r.recipient, r.id
    )
    UPDATE communication_request AS r
    SET is_duplicate = false,
        request_status = CASE WHEN suppress_reason IS NOT NULL OR filtered IS NOT NULL
                         THEN 'SKIPPED' ELSE 'PENDING' END,
        channel_manager_status = CASE
            WHEN suppress_reason IS NOT NULL THEN 'PRIOR_' || upper(suppress_reason)
            WHEN filtered IS NOT NULL THEN 'FILTERED_LINE_TYPE' ELSE 'PENDING' END,
        error_code = CASE WHEN suppress_reason IS NULL AND filtered IS NOT NULL THEN 'filtered' END,
        error_message = CASE WHEN suppress_reason IS NULL THEN filtered END,
        moved_by = 'ingest', moved_why = 'what it repeated was replaced'
    FROM alone WHERE r.id = alone.id
    RETURNING r.id
""")

_DEQUEUE = text("""
    DELETE FROM queue USING communication_request AS r
    WHERE queue.request = ANY (:requests) AND r.id = queue.request AND r.request_status <> 'PENDING'
""")

# As if it were new, without its lease: a worker that has rendered the old words finds nothing to begin.
# The row itself stays: who waits for the request to close it knows this row and would miss another.
_ENQUEUE = text("""
    INSERT INTO queue (request, batch, due_at)
    SELECT id, batch, clock_timestamp() FROM communication_request
    WHERE id = ANY (:requests) AND request_status = 'PENDING' ORDER BY id
    ON CONFLICT (request) DO UPDATE
    SET due_at = excluded.due_at, lease_token = NULL, lease_until = NULL, claims = 0, faults = 0,
        group_limit = NULL
""")


def replace_staged(connection: Connection, batch: int, channel: Channel) -> int:
    """Replace every request of the batch that is staged with other content, where that is allowed.

    It is for what is PENDING, INVALID, DUPLICATE or was removed, has no attempt, and gets a target that
    can be reached. The recipients of what is staged are stored already. What was replaced equals its
    staged row from then on; the rest is a conflict as ever.

    Returns:
        how many requests were replaced.
    """
    requests, former, recipients = connection.execute(
        _MEANT, {"batch": batch, "channel": channel}
    ).one()
    if not requests:
        return 0
    _lock(connection, batch, requests, former, recipients)
    chosen = {"batch": batch, "channel": channel, "requests": requests}
    replaced = connection.scalar(_REPLACE, chosen | {"replaceable": sorted(REPLACEABLE)}) or []
    touched = {"batch": batch, "former": [*former, *recipients]}
    alone = list(connection.scalars(_STAND_ALONE, touched))
    connection.execute(_DEQUEUE, {"requests": replaced})
    connection.execute(_ENQUEUE, {"requests": sorted({*replaced, *alone})})
    return len(replaced)


def _lock(
    connection: Connection,
    batch: int,
    requests: Sequence[int],
    former: Sequence[int],
    recipients: Sequence[int],
) -> None:
    connection.execute(_LOCK_RECIPIENTS, {"recipients": [*former, *recipients]})
    connection.execute(
        _LOCK_REQUESTS, {"requests": requests, "batch": batch, "former": [*former, *recipients]}
    )
