"""Batches that are due, and all that decides what each may claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from worker.domain.schedule.eligibility import PacingState, day_began
from worker.domain.schedule.hours import OpenHours, open_hours
from worker.domain.schedule.pace import Allowance, Rates
from worker.domain.statuses import Channel
from worker.store.listed_accounts import all_halted
from worker.store.schema.conventions import Timestamp, is_open

HOURS = (
    "daily_start_time",
    "daily_end_time",
    "active_days",
    "timezone",
    "holidays",
    "date_overrides",
    "weekday_hours",
    "daily_caps",
    "recipient_hours",
    "recipient_start_time",
    "recipient_end_time",
)


class LeaseShare(NamedTuple):
    """Claims that may still become attempts, until the moment their lease ends."""

    until: datetime
    n: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A batch whose time to look has come."""

    channel: Channel
    pacing: PacingState
    is_open: bool
    claimed_at: datetime | None
    grants: tuple[LeaseShare, ...]
    traceparent: str | None = None
    """The trace that the batch came from."""


_AWAKE = text("""
    SELECT DISTINCT channel FROM batch_pace AS p WHERE next_claim_at <= clock_timestamp()
        AND NOT EXISTS (
            SELECT FROM halt WHERE (scope, key) IN (('all', ''), ('channel', p.channel))
        )
""")


def awake(connection: Connection) -> list[Channel]:
    """Channels on which a batch's time to look has come: all that an idle tick asks."""
    return [Channel(channel) for channel in connection.scalars(_AWAKE)]


_FACTS = f"""
    SELECT p.batch, p.allowance, p.allowance_at, p.claimed_at, p.grants,
           b.campaign_id AS campaign, b.starts_at, b.expires_on, b.call_rate, b.auto_call_rate,
           b.auto_call_rate_baseline, b.traceparent,
           {is_open("b.")}
               AND (b.expires_on IS NULL OR b.expires_on > clock_timestamp()) AS is_open,
           CASE WHEN b.auto_call_rate THEN coalesce((
               SELECT sum(n) FROM request_count
               WHERE batch = b.id AND request_status = 'PENDING'
           ), 0) ELSE 0 END AS remaining
    FROM batch_pace AS p JOIN communication_batch AS b ON b.id = p.batch
"""  # noqa: S608  is_open is a constant

_DUE_BATCHES = text(f"""
    {_FACTS}
    WHERE p.channel = :channel AND p.next_claim_at <= now()
        AND (CAST(:only AS text) IS NULL OR b.batch_id = :only)
        AND NOT EXISTS (
            SELECT FROM halt WHERE (scope, key) IN
                (('all', ''), ('channel', p.channel), ('campaign', b.campaign_id::text))
        )
        AND NOT {all_halted("b.campaign_id")}
    ORDER BY p.next_claim_at, p.batch LIMIT :limit FOR UPDATE OF p SKIP LOCKED
""")

_BATCHES = text(f"{_FACTS} WHERE p.batch = ANY (:batches)")

_CAMPAIGNS = text(f"""
    SELECT id, mode, hourly_rate, max_daily_calls, {", ".join(HOURS)}
    FROM campaign WHERE id = ANY (:campaigns)
""")  # noqa: S608  HOURS is a constant

# Counted by local day; what a lease still covers counts too, until it has begun or lapsed.
_USED_TODAY = text("""
    SELECT day.campaign, (
        SELECT coalesce(sum(n), 0)::bigint FROM begun_count
        WHERE campaign = day.campaign AND quarter >= day.began
    ) AS begun, (
        SELECT coalesce(sum((held.value ->> 1)::int), 0) FROM communication_batch AS b
        JOIN batch_pace AS p ON p.batch = b.id
        CROSS JOIN jsonb_array_elements(p.grants) AS held
        WHERE b.campaign_id = day.campaign AND b.finished_at IS NULL
            AND (held.value ->> 0)::timestamptz > clock_timestamp()
    ) AS granted
    FROM unnest(:campaigns, :began) AS day (campaign, began)
""").bindparams(
    bindparam("campaigns", type_=ARRAY(BigInteger)), bindparam("began", type_=ARRAY(Timestamp))
)


def due(
    connection: Connection, channel: Channel, now: datetime, *, limit: int, only: str | None = None
) -> list[Candidate]:
    """Batches whose time to look has come, those that waited longest first."""
    rows = connection.execute(
        _DUE_BATCHES, {"channel": channel, "only": only, "limit": limit}
    ).all()
    return _with_campaigns(connection, rows, now)


def of(connection: Connection, batches: Sequence[int], now: datetime) -> dict[int, Candidate]:
    """The same facts of these batches, whether or not their time has come; a trigger paces every batch."""
    rows = connection.execute(_BATCHES, {"batches": list(batches)}).all()
    return {one.pacing.batch: one for one in _with_campaigns(connection, rows, now)}


@dataclass(frozen=True, slots=True)
class _Campaign:
    """Facts that the batches of a campaign share, judged once for all of them."""

    channel: Channel
    hours: OpenHours
    hourly_rate: int | None
    max_daily_calls: int | None
    used_today: int


def _with_campaigns(
    connection: Connection, rows: Sequence[Row[Any]], now: datetime
) -> list[Candidate]:
    campaigns = _campaigns(connection, {row.campaign for row in rows}, now) if rows else {}
    return [_candidate(row, campaigns[row.campaign], now) for row in rows]


def _campaigns(connection: Connection, chosen: set[int], now: datetime) -> dict[int, _Campaign]:
    rows = connection.execute(_CAMPAIGNS, {"campaigns": list(chosen)}).mappings().all()
    capped = {row["id"]: row["timezone"] for row in rows if _is_capped(row)}
    used = _count_today(connection, capped, now) if capped else {}
    return {
        row["id"]: _Campaign(
            channel=Channel(row["mode"]),
            hours=open_hours(Channel(row["mode"]), dict(row)),
            hourly_rate=row["hourly_rate"],
            max_daily_calls=row["max_daily_calls"],
            used_today=used.get(row["id"], 0),
        )
        for row in rows
    }


def _is_capped(row: RowMapping) -> bool:
    return row["max_daily_calls"] is not None or bool(row["daily_caps"])


def _count_today(connection: Connection, zones: Mapping[int, str], now: datetime) -> dict[int, int]:
    began = [day_began(zone, now) for zone in zones.values()]
    rows = connection.execute(_USED_TODAY, {"campaigns": list(zones), "began": began})
    return {row.campaign: row.begun + row.granted for row in rows}


def _candidate(row: Row[Any], campaign: _Campaign, now: datetime) -> Candidate:
    grants = (LeaseShare(datetime.fromisoformat(until), n) for until, n in row.grants)
    return Candidate(
        channel=campaign.channel,
        pacing=PacingState(
            batch=row.batch,
            campaign=row.campaign,
            hours=campaign.hours,
            rates=Rates(
                hourly_rate=campaign.hourly_rate,
                call_rate=row.call_rate,
                auto_call_rate=row.auto_call_rate,
                baseline=row.auto_call_rate_baseline,
            ),
            starts_at=row.starts_at,
            expires_on=row.expires_on,
            remaining=int(row.remaining),
            max_daily_calls=campaign.max_daily_calls,
            used_today=campaign.used_today,
            allowance=Allowance(row.allowance, row.allowance_at),
        ),
        is_open=row.is_open,
        claimed_at=row.claimed_at,
        grants=tuple(grant for grant in grants if grant.until > now),
        traceparent=row.traceparent,
    )
