"""The next claim of each batch, noted by whoever scans.

Scans of one channel take turns, so that what one grants the next one sees. Every other lock is taken
with SKIP LOCKED: a scan waits for nobody, and nobody's deadlock includes one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, text

from worker.domain.schedule.pace import Allowance
from worker.domain.statuses import Channel
from worker.store.due_batches import LeaseShare
from worker.store.schema.conventions import is_open

SCAN_LOCK = 7_230_011


@dataclass(frozen=True, slots=True)
class Next:
    """The time of a batch's next look, and the allowance it has left."""

    batch: int
    at: datetime
    allowance: Allowance
    claimed: bool
    grants: tuple[LeaseShare, ...]


_TAKE_TURN = text("""
    WITH taken AS MATERIALIZED (SELECT pg_advisory_xact_lock(:lock, hashtext(:channel)))
    SELECT clock_timestamp() FROM taken
""")


def take_turn(connection: Connection, channel: Channel) -> datetime:
    """Wait until no other scan of this channel is under way. Returns the database's time."""
    now = connection.scalar(_TAKE_TURN, {"lock": SCAN_LOCK, "channel": channel})
    assert isinstance(now, datetime)
    return now


_LOCK_BATCHES = text("""
    SELECT id FROM communication_batch
    WHERE campaign_id = :campaign AND deleted_at IS NULL AND finished_at IS NULL
    ORDER BY id FOR NO KEY UPDATE
""")
_DROP_LEASES = text("""
    UPDATE queue SET lease_token = NULL, lease_until = NULL
    WHERE batch = ANY (:batches) AND lease_token IS NOT NULL
""")


def drop_leases(connection: Connection, campaign: int, channel: Channel) -> None:
    """Take back every claim on a campaign's requests, as its hours are about to be others.

    A scan that read the old hours has claimed by the time that we have its turn, and the next one reads
    the new. With the batches' rows held, as by a pause, a worker has begun before or finds nothing.
    """
    take_turn(connection, channel)
    batches = connection.scalars(_LOCK_BATCHES, {"campaign": campaign}).all()
    if batches:
        connection.execute(_DROP_LEASES, {"batches": list(batches)})


# Read anew, now that the row is ours: whoever opens the batch after this has to wait, and wakes it.
_SLEEP = text(f"""
    UPDATE batch_pace AS p SET next_claim_at = 'infinity'
    FROM communication_batch AS b
    WHERE p.batch = ANY (:batches) AND b.id = p.batch
        AND (NOT ({is_open("b.")}) OR b.expires_on <= clock_timestamp())
""")  # noqa: S608  is_open is a constant


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
    UPDATE batch_pace AS p
    SET next_claim_at = greatest(clock_timestamp(), b.starts_at), allowance = p.allowance + :n
    FROM communication_batch AS b WHERE p.batch = :batch AND b.id = p.batch
""")


def give_back(connection: Connection, batch: int, n: int) -> None:
    """Let the batch claim as much again as soon as it may: what was claimed began no attempt."""
    connection.execute(_GIVE_BACK, {"batch": batch, "n": n})


IDLE_LOOKS = (timedelta(seconds=0.5), timedelta(seconds=15))
"""An idle batch is looked at after a tenth of the time it has been idle, within these bounds."""


def idle_until(now: datetime, claimed_at: datetime | None) -> datetime:
    """Return when to look again at a batch without due work that nobody wakes before."""
    shortest, longest = IDLE_LOOKS
    idle = longest * 10 if claimed_at is None else (now - claimed_at)
    return now + min(max(idle / 10, shortest), longest)
