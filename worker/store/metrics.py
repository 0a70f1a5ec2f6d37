"""Figures over everything, each from an index that is as small as what it counts."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from worker.store.schema.conventions import is_open


@dataclass(frozen=True, slots=True)
class Figures:
    """One moment."""

    halts: int
    attempts_in_doubt: int
    attempts_open: int
    reports_waiting: int
    dead_letters: int
    webhooks_waiting: int
    batches_late: int
    oldest_due_seconds: float


_FIGURES = text(f"""
    SELECT
        (SELECT count(*) FROM halt),
        (SELECT count(*) FROM attempt WHERE check_at IS NOT NULL AND state = 'IN_DOUBT'),
        (SELECT count(*) FROM attempt WHERE check_at IS NOT NULL),
        (SELECT count(*) FROM inbox WHERE next_try_at IS NOT NULL),
        (SELECT count(*) FROM dead_letter WHERE settled_at IS NULL),
        (SELECT count(*) FROM webhook_delivery WHERE next_try_at IS NOT NULL),
        (SELECT count(*) FROM batch_pace AS p JOIN communication_batch AS b ON b.id = p.batch
         WHERE p.late IS NOT NULL AND b.auto_call_rate AND {is_open("b.")} AND b.expires_on > now()),
        (SELECT coalesce(extract(epoch FROM now() - min(oldest.due_at)), 0)::float8
         FROM communication_batch AS b CROSS JOIN LATERAL (
             SELECT due_at FROM queue WHERE batch = b.id AND due_at <= now()
             ORDER BY due_at LIMIT 1
         ) AS oldest
         WHERE {is_open("b.")} AND (b.expires_on IS NULL OR b.expires_on > now()))
""")  # noqa: S608  is_open is a constant


def read(connection: Connection) -> Figures:
    """The figures of this moment."""
    return Figures(*connection.execute(_FIGURES).one())
