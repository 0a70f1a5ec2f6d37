"""When each batch may claim next, and what it claims when it may.

Scans of one channel take turns, so that what one grants the next one sees. Every other lock is taken
with SKIP LOCKED: a scan waits for nobody, and nobody's deadlock includes one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from worker.domain.hours import open_hours
from worker.domain.pace import Allowance, Rates
from worker.domain.statuses import Mode
from worker.domain.turns import Standing, day_began
from worker.store.schema.conventions import Timestamp

SCAN_LOCK = 7_230_011

HOURS = (
    "daily_start_time",
    "daily_end_time",
    "active_days",
    "timezone",
    "holidays",
    "date_overrides",
    "recipient_hours",
    "recipient_start_time",
    "recipient_end_time",
)


class Grant(NamedTuple):
    """Claims that may still become attempts, until the moment their lease ends."""

    until: datetime
    n: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A batch whose time to look has come."""

    mode: Mode
    standing: Standing
    is_open: bool
    claimed_at: datetime | None
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Next:
    """When a batch looks again, and what it has left."""

    batch: int
    at: datetime
    allowance: Allowance
    claimed: bool
    grants: tuple[Grant, ...]


_FACTS = f"""
    SELECT p.batch, p.allowance, p.allowance_at, p.claimed_at, p.grants,
           b.campaign_id, b.expires_on, b.call_rate, b.auto_call_rate, b.auto_call_rate_baseline,
           NOT b.paused AND b.deleted_at IS NULL AND b.finished_at IS NULL
               AND b.error_message IS NULL
               AND (b.expires_on IS NULL OR b.expires_on > clock_timestamp()) AS is_open,
           c.mode, c.hourly_rate, c.max_daily_calls, {", ".join(f"c.{name}" for name in HOURS)},
           CASE WHEN b.auto_call_rate THEN coalesce((
               SELECT sum(n) FROM request_count
               WHERE batch = b.id AND request_status = 'PENDING'
           ), 0) ELSE 0 END AS remaining
    FROM batch_pace AS p
    JOIN communication_batch AS b ON b.id = p.batch JOIN campaign AS c ON c.id = b.campaign_id
"""  # noqa: S608  HOURS is a constant

_DUE_BATCHES = text(f"""
    {_FACTS}
    WHERE p.mode = :mode AND p.next_claim_at <= now()
        AND (CAST(:only AS text) IS NULL OR b.batch_id = :only)
        AND NOT EXISTS (
            SELECT FROM halt
            WHERE (scope, key) IN (('all', ''), ('channel', c.mode), ('campaign', c.id::text))
        )
    ORDER BY p.next_claim_at, p.batch LIMIT :limit FOR UPDATE OF p SKIP LOCKED
""")

_ONE_BATCH = text(f"{_FACTS} WHERE p.batch = :batch")

# Counted by local day; what a lease still covers counts too, until it has begun or lapsed.
_USED_TODAY = text("""
    SELECT day.campaign, (
        SELECT count(*) FROM communication_batch AS b JOIN attempt AS a ON a.batch = b.id
        WHERE b.campaign_id = day.campaign AND a.counted AND a.began_at >= day.began
    ) AS begun, (
        SELECT coalesce(sum((held.value ->> 1)::int), 0) FROM communication_batch AS b
        JOIN batch_pace AS p ON p.batch = b.id
        CROSS JOIN jsonb_array_elements(p.grants) AS held
        WHERE b.campaign_id = day.campaign
            AND (held.value ->> 0)::timestamptz > clock_timestamp()
    ) AS granted
    FROM unnest(:campaigns, :began) AS day (campaign, began)
""").bindparams(
    bindparam("campaigns", type_=ARRAY(BigInteger)), bindparam("began", type_=ARRAY(Timestamp))
)


def take_turn(connection: Connection, mode: Mode) -> datetime:
    """Wait until no other scan of this channel is under way. Returns the database's time."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:lock, hashtext(:mode))"),
        {"lock": SCAN_LOCK, "mode": mode},
    )
    now = connection.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(now, datetime)
    return now


def due(
    connection: Connection, mode: Mode, now: datetime, *, limit: int, only: str | None = None
) -> list[Candidate]:
    """Batches whose time to look has come, those that waited longest first."""
    rows = connection.execute(_DUE_BATCHES, {"mode": mode, "only": only, "limit": limit})
    return _with_use(connection, rows.mappings().all(), now)


def one(connection: Connection, batch: int, now: datetime) -> Candidate | None:
    """The same facts of one batch, whether or not its time has come."""
    rows = connection.execute(_ONE_BATCH, {"batch": batch}).mappings().all()
    return next(iter(_with_use(connection, rows, now)), None)


def _with_use(connection: Connection, rows: Sequence[RowMapping], now: datetime) -> list[Candidate]:
    capped = {r["campaign_id"]: r["timezone"] for r in rows if r["max_daily_calls"] is not None}
    used = _used_today(connection, capped, now) if capped else {}
    return [_candidate(row, used.get(row["campaign_id"], 0), now) for row in rows]


def _used_today(connection: Connection, zones: Mapping[int, str], now: datetime) -> dict[int, int]:
    began = [day_began(zone, now) for zone in zones.values()]
    rows = connection.execute(_USED_TODAY, {"campaigns": list(zones), "began": began})
    return {row.campaign: row.begun + row.granted for row in rows}


def _candidate(row: RowMapping, used: int, now: datetime) -> Candidate:
    grants = (Grant(datetime.fromisoformat(until), n) for until, n in row["grants"])
    return Candidate(
        mode=Mode(row["mode"]),
        standing=Standing(
            batch=row["batch"],
            campaign=row["campaign_id"],
            hours=open_hours(Mode(row["mode"]), {name: row[name] for name in HOURS}),
            rates=Rates(
                hourly_rate=row["hourly_rate"],
                call_rate=row["call_rate"],
                auto_call_rate=row["auto_call_rate"],
                baseline=row["auto_call_rate_baseline"],
            ),
            expires_on=row["expires_on"],
            remaining=int(row["remaining"]),
            max_daily_calls=row["max_daily_calls"],
            used_today=used,
            allowance=Allowance(row["allowance"], row["allowance_at"]),
        ),
        is_open=row["is_open"],
        claimed_at=row["claimed_at"],
        grants=tuple(grant for grant in grants if grant.until > now),
    )


# Read anew, now that the row is ours: whoever opens the batch after this has to wait, and wakes it.
_SLEEP = text("""
    UPDATE batch_pace AS p SET next_claim_at = 'infinity'
    FROM communication_batch AS b
    WHERE p.batch = ANY (:batches) AND b.id = p.batch AND (
        b.paused OR b.deleted_at IS NOT NULL OR b.finished_at IS NOT NULL
        OR b.error_message IS NOT NULL OR b.expires_on <= clock_timestamp()
    )
""")


def sleep(connection: Connection, batches: Sequence[int]) -> None:
    """Don't look at these again until somebody opens them; those opened meanwhile stay awake."""
    connection.execute(_SLEEP, {"batches": list(batches)})


_WRITE = text("""
    UPDATE batch_pace AS p
    SET next_claim_at = v.at, allowance = v.level, allowance_at = v.since, grants = v.grants,
        claimed_at = CASE WHEN v.claimed THEN clock_timestamp() ELSE p.claimed_at END
    FROM jsonb_to_recordset(CAST(:nexts AS jsonb)) AS v
        (batch bigint, at timestamptz, level float8, since timestamptz, claimed bool, grants jsonb)
    WHERE p.batch = v.batch
""")


def write(connection: Connection, nexts: Sequence[Next]) -> None:
    """Note when each batch looks again."""
    rows = [
        {
            "batch": one.batch,
            "at": one.at,
            "level": one.allowance.level,
            "since": one.allowance.at,
            "claimed": one.claimed,
            "grants": [list(grant) for grant in one.grants],
        }
        for one in nexts
    ]
    connection.execute(_WRITE, {"nexts": orjson.dumps(rows).decode()})


_BASELINE = text("""
    UPDATE communication_batch SET auto_call_rate_baseline = :rate
    WHERE id = (
        SELECT id FROM communication_batch
        WHERE id = :batch AND auto_call_rate_baseline IS NULL FOR NO KEY UPDATE SKIP LOCKED
    )
""")


def note_baseline(connection: Connection, batch: int, rate: int) -> None:
    """Keep the automatic rate first computed; where somebody holds the batch, the next scan does."""
    connection.execute(_BASELINE, {"batch": batch, "rate": rate})


_GIVE_BACK = text("""
    UPDATE batch_pace SET next_claim_at = clock_timestamp(), allowance = allowance + :n
    WHERE batch = :batch
""")


def give_back(connection: Connection, batch: int, n: int) -> None:
    """What was claimed could not be published: the batch may claim it again at once."""
    connection.execute(_GIVE_BACK, {"batch": batch, "n": n})


IDLE_LOOKS = (timedelta(seconds=0.5), timedelta(seconds=15))
"""An idle batch is looked at after a tenth of the time it has been idle, within these bounds."""


def idle_until(now: datetime, claimed_at: datetime | None) -> datetime:
    """When to look again at a batch without due work that nobody wakes before."""
    shortest, longest = IDLE_LOOKS
    idle = longest * 10 if claimed_at is None else (now - claimed_at)
    return now + min(max(idle / 10, shortest), longest)
