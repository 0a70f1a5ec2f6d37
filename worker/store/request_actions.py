"""Requests that an operator gives one more chance. Locked in ascending order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from worker.domain.evidence.reports import MISSES

# Locked in a statement of its own: what a report wrote while we waited for its lock is read afterwards.
_LOCK_FAILED = text("""
    SELECT array_agg(id) FROM (
        SELECT id FROM communication_request
        WHERE batch = :batch AND request_status = 'FAILED' AND address IS NOT NULL
            AND (CAST(:reference_ids AS text[]) IS NULL OR reference_id = ANY (:reference_ids))
        ORDER BY id FOR NO KEY UPDATE
    ) AS failed
""")

# The latest counted attempt may have reached somebody unless a last word or a refusal proves that it did
# not; so may an older one of which evidence came late. An attempt that does not count was never sent.
_RETRY = text("""
    WITH failed AS (
        SELECT r.id, r.reference_id, doubt.attempt
        FROM communication_request AS r LEFT JOIN LATERAL (
            SELECT max(a.id) AS attempt FROM attempt AS a
            WHERE a.request = r.id AND a.counted AND a.state <> 'REFUSED'
                AND NOT (a.state = 'DONE' AND coalesce(a.fold_name = ANY (:misses), false))
                AND (a.late OR NOT EXISTS (
                    SELECT FROM attempt AS newer WHERE newer.request = r.id AND newer.counted
                        AND newer.attempt_number > a.attempt_number
                ))
        ) AS doubt ON true
        WHERE r.id = ANY (:failed)
    ), moved AS (
        UPDATE communication_request AS r
        SET request_status = 'PENDING', extra_attempts = r.extra_attempts + 1, moved_by = 'operator',
            moved_why = CASE WHEN failed.attempt IS NULL THEN 'retry asked for by '
                        ELSE 'retry in spite of doubt asked for by ' END || :by
        FROM failed WHERE r.id = failed.id AND (:including_doubt OR failed.attempt IS NULL)
        RETURNING r.id, r.batch
    ), queued AS (
        INSERT INTO queue (request, batch, due_at)
        SELECT id, batch, clock_timestamp() FROM moved ORDER BY id
    ), passed_over AS (
        SELECT reference_id, attempt FROM failed
        WHERE attempt IS NOT NULL AND NOT :including_doubt
    )
    SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM passed_over), (
        SELECT json_agg(json_build_array(reference_id, attempt)) FROM (
            SELECT * FROM passed_over ORDER BY reference_id LIMIT :named
        ) AS first
    )
""")

NAMED = 20
"""How many of the requests that are passed over are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Retried:
    """Counts of requests that were queued again, and of those passed over because of a doubt.

    `named` are the first of those: the reference_id, and the attempt that may have reached somebody.
    """

    queued: int
    passed_over: int
    named: tuple[tuple[str, int], ...] = ()


def retry(
    connection: Connection,
    batch: int,
    reference_ids: Sequence[str] | None,
    by: str,
    *,
    including_doubt: bool,
) -> Retried:
    """Queue what FAILED once more, with one extra attempt.

    Whoever an earlier attempt may have reached is passed over, unless that is asked for by name; then
    the history says who decided so.
    """
    chosen = None if reference_ids is None else list(reference_ids)
    failed = connection.scalar(_LOCK_FAILED, {"batch": batch, "reference_ids": chosen})
    values = {"failed": failed or [], "by": by, "misses": sorted(MISSES), "named": NAMED}
    queued, passed_over, named = connection.execute(
        _RETRY, values | {"including_doubt": including_doubt}
    ).one()
    return Retried(queued, passed_over, tuple((name, attempt) for name, attempt in named or ()))
