"""Everything at a glance: what goes out by the minute, what is due, what waits. Each bounded by an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.domain.statuses import Channel
from worker.store.listed_accounts import all_halted
from worker.store.schema.conventions import is_open

MOST_READ = 200_000
"""Attempts that are counted by the minute at once; a longer history begins where they end."""
MOST_DUE = 10_000
"""Requests that are counted as due; beyond that it is said that there are more."""


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """The number of attempts that began in a minute on a channel, and the last one's id."""

    channel: Channel
    minute: datetime
    n: int
    last: int


# Along the primary key, from the newest on: ids are given out in the order of time, nearly.
_MINUTES = text("""
    SELECT channel, date_trunc('minute', began_at) AS minute, count(*) AS n, max(id) AS last
    FROM (
        SELECT id, channel, began_at FROM attempt WHERE id > :after ORDER BY id DESC LIMIT :most
    ) AS latest
    GROUP BY 1, 2
""")


def count_minutes(connection: Connection, after: int) -> list[MinuteCount]:
    """The latest attempts behind this id, by channel and minute, however long ago."""
    rows = connection.execute(_MINUTES, {"after": after, "most": MOST_READ})
    return [MinuteCount(Channel(row.channel), row.minute, row.n, row.last) for row in rows]


@dataclass(frozen=True, slots=True)
class Due:
    """A channel's due work. `n` stops at `MOST_DUE`."""

    n: int
    oldest: timedelta | None


_DUE = text(f"""
    WITH awake AS MATERIALIZED (
        SELECT b.id FROM communication_batch AS b JOIN batch_pace AS p ON p.batch = b.id
        WHERE p.channel = :channel AND {is_open("b.")}
            AND (b.starts_at IS NULL OR b.starts_at <= now())
            AND (b.expires_on IS NULL OR b.expires_on > now())
    )
    SELECT (
        SELECT count(*) FROM (
            SELECT FROM awake JOIN queue AS q ON q.batch = awake.id
            WHERE q.due_at <= now() LIMIT :most
        ) AS due
    ), (
        SELECT now() - min(oldest.due_at) FROM awake CROSS JOIN LATERAL (
            SELECT due_at FROM queue WHERE batch = awake.id AND due_at <= now()
            ORDER BY due_at LIMIT 1
        ) AS oldest
    )
""")  # noqa: S608  is_open is a constant


def read_due(connection: Connection, channel: Channel) -> Due:
    """Count what is due on a channel, in batches that may send."""
    return Due(*connection.execute(_DUE, {"channel": channel, "most": MOST_DUE + 1}).one())


@dataclass(frozen=True, slots=True)
class StatusCount:
    """Requests of unfinished batches of a campaign by status."""

    campaign: int
    channel: Channel
    request_status: str
    n: int


_STATUSES = text("""
    SELECT b.campaign_id, p.channel, c.request_status, sum(c.n)::bigint
    FROM communication_batch AS b JOIN batch_pace AS p ON p.batch = b.id
    JOIN request_count AS c ON c.batch = b.id
    WHERE b.finished_at IS NULL AND b.deleted_at IS NULL GROUP BY 1, 2, 3
""")


def count_statuses(connection: Connection) -> list[StatusCount]:
    """Read how the unfinished batches stand, by campaign."""
    return [
        StatusCount(campaign, Channel(channel), status, n)
        for campaign, channel, status, n in connection.execute(_STATUSES)
    ]


_DOUBTS_BY_CHANNEL = text("""
    SELECT channel, count(*) FROM attempt
    WHERE check_at IS NOT NULL AND state = 'IN_DOUBT' GROUP BY channel
""")
_DOUBTS_BY_BATCH = text("""
    SELECT batch, count(*) FROM attempt
    WHERE check_at IS NOT NULL AND state = 'IN_DOUBT' AND batch = ANY (:batches) GROUP BY batch
""")


def count_doubts(connection: Connection) -> dict[Channel, int]:
    """Attempts in doubt by channel."""
    return {Channel(channel): n for channel, n in connection.execute(_DOUBTS_BY_CHANNEL)}


def count_doubts_of(connection: Connection, batches: Sequence[int]) -> dict[int, int]:
    """Attempts in doubt of these batches; those without one are left out."""
    rows = connection.execute(_DOUBTS_BY_BATCH, {"batches": list(batches)})
    return {batch: n for batch, n in rows}  # noqa: C416  a row is no pair to the types


MOST_TIMED = 2_000
"""Attempts that a latency is read from, the newest ones."""


@dataclass(frozen=True, slots=True)
class Latency:
    """From an attempt's beginning to the provider's answer, in seconds: of the half, and of one in twenty."""

    usual: float
    slow: float


_LATENCIES = text("""
    SELECT channel, percentile_cont(0.5) WITHIN GROUP (ORDER BY took),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY took)
    FROM (
        SELECT channel, extract(epoch FROM accepted_at - began_at)::float8 AS took FROM (
            SELECT channel, began_at, accepted_at FROM attempt ORDER BY id DESC LIMIT :most
        ) AS latest
        WHERE accepted_at IS NOT NULL AND began_at > clock_timestamp() - interval '10 minutes'
    ) AS answered GROUP BY channel
""")


def read_latencies(connection: Connection) -> dict[Channel, Latency]:
    """Read how long providers took of late, by channel; one that answered nothing lately is left out."""
    rows = connection.execute(_LATENCIES, {"most": MOST_TIMED})
    return {Channel(channel): Latency(usual, slow) for channel, usual, slow in rows}


_FORGOTTEN = text(f"""
    SELECT min(p.next_claim_at)
    FROM batch_pace AS p JOIN communication_batch AS b ON b.id = p.batch
    WHERE p.next_claim_at < clock_timestamp() - interval '30 seconds' AND {is_open("b.")}
        AND NOT EXISTS (SELECT FROM halt WHERE (scope, key) IN
            (('all', ''), ('channel', p.channel), ('campaign', b.campaign_id::text)))
        AND NOT {all_halted("b.campaign_id")}
""")  # noqa: S608  both are constants


def forgotten_since(connection: Connection) -> datetime | None:
    """Since when nobody looks at a batch that may send; None: all are looked at."""
    at: datetime | None = connection.scalar(_FORGOTTEN)
    return at
