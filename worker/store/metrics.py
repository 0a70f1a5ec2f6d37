"""Figures over everything, each from an index that is as small as what it counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.schedule.hours import open_hours
from worker.domain.schedule.windows import is_open as is_within
from worker.domain.statuses import Channel
from worker.store.dead_letters import KINDS
from worker.store.due_batches import HOURS
from worker.store.listed_accounts import all_halted
from worker.store.schema.conventions import is_open


@dataclass(frozen=True, slots=True)
class Figures:
    """One moment."""

    halts: int
    attempts_in_doubt: int
    attempts_open: int
    attempts_unjudged: int
    reports_waiting: int
    uploads_waiting: int
    webhooks_waiting: int
    batches_late: int
    oldest_due_seconds: float
    oldest_doubt_seconds: float
    oldest_webhook_seconds: float
    oldest_upload_seconds: float
    database_connections: int
    database_connections_offered: int


COUNTED = 100_000
"""Of what may wait by the million, no more are counted: a scrape takes no longer for it."""


def _up_to(table: str, waiting: str) -> str:
    return f"(SELECT count(*) FROM (SELECT FROM {table} WHERE {waiting} LIMIT :most) AS counted)"  # noqa: S608  ours


_FIGURES = text(f"""
    SELECT
        (SELECT count(*) FROM halt),
        (SELECT count(*) FROM attempt WHERE state = 'IN_DOUBT'),
        {_up_to("attempt", "check_at IS NOT NULL")},
        (SELECT count(*) FROM unjudged AS u JOIN attempt AS a ON a.id = u.attempt
         WHERE a.check_at IS NOT NULL),
        {_up_to("inbox", "next_try_at IS NOT NULL")},
        (SELECT count(*) FROM upload WHERE finished_at IS NULL),
        {_up_to("webhook_delivery", "next_try_at IS NOT NULL")},
        (SELECT count(*) FROM batch_pace AS p JOIN communication_batch AS b ON b.id = p.batch
         WHERE p.late IS NOT NULL AND {is_open("b.")} AND b.expires_on > now()),
        (SELECT coalesce(extract(epoch FROM now() - min(oldest.due_at)), 0)::float8
         FROM communication_batch AS b CROSS JOIN LATERAL (
             SELECT due_at FROM queue WHERE batch = b.id AND due_at <= now()
             ORDER BY due_at LIMIT 1
         ) AS oldest
         WHERE {is_open("b.")} AND (b.starts_at IS NULL OR b.starts_at <= now())
             AND (b.expires_on IS NULL OR b.expires_on > now())),
        (SELECT coalesce(extract(epoch FROM now() - min(doubted_at)), 0)::float8
         FROM attempt WHERE state = 'IN_DOUBT'),
        (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
         FROM (SELECT created_at FROM webhook_delivery
               WHERE next_try_at IS NOT NULL LIMIT :most) AS waiting),
        (SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0)::float8
         FROM upload WHERE finished_at IS NULL),
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - current_setting('reserved_connections')::int
""")  # noqa: S608  is_open is a constant


def read(connection: Connection) -> Figures:
    """The figures of this moment."""
    return Figures(*connection.execute(_FIGURES, {"most": COUNTED}).one())


# Whose time to look has come, halted ones aside: how long a batch waits for somebody to take it, which no
# window and no rate keeps it from.
_TURNS = text(f"""
    SELECT p.channel, extract(epoch FROM now() - min(p.next_claim_at))::float8 AS seconds
    FROM batch_pace AS p JOIN communication_batch AS b ON b.id = p.batch
    WHERE p.next_claim_at <= now() AND NOT EXISTS (
        SELECT FROM halt WHERE (scope, key) IN
            (('all', ''), ('channel', p.channel), ('campaign', b.campaign_id::text))
    ) AND NOT {all_halted("b.campaign_id")}
    GROUP BY p.channel
""")  # noqa: S608  all_halted is a constant


def read_turns(connection: Connection) -> dict[Channel, float]:
    """Seconds that the batch which waited longest for its turn waits, by channel; 0: none waits."""
    waits = {Channel(one): seconds for one, seconds in connection.execute(_TURNS)}
    return {channel: waits.get(channel, 0.0) for channel in Channel}


_DEAD = text("SELECT kind, count(*) FROM dead_letter WHERE settled_at IS NULL GROUP BY kind")


def read_dead_letters(connection: Connection) -> dict[str, int]:
    """Count what could not be accepted and are not settled, by kind."""
    found: dict[str, int] = {kind: n for kind, n in connection.execute(_DEAD)}  # noqa: C416  a row is no pair
    return {kind: found.get(kind, 0) for kind in KINDS}


_WINDOWS = text(f"""
    SELECT c.mode, {", ".join(f"c.{name}" for name in HOURS)}, waiting.n
    FROM (
        SELECT campaign_id, count(*) AS n FROM communication_batch AS b
        WHERE {is_open("b.")} AND (b.expires_on IS NULL OR b.expires_on > now()) GROUP BY 1
    ) AS waiting JOIN campaign AS c ON c.id = waiting.campaign_id
""")  # noqa: S608  both are constants


def read_closed_windows(connection: Connection, now: datetime) -> dict[Channel, int]:
    """Count the batches that could send but wait for their campaign's calling window, by channel."""
    closed = dict.fromkeys(Channel, 0)
    for row in connection.execute(_WINDOWS).mappings():
        channel = Channel(row["mode"])
        if not is_within(open_hours(channel, dict(row)).window, now):
            closed[channel] += row["n"]
    return closed
