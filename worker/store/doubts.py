"""Attempts that are open or in doubt: what an operator sees of them, and what a drain waits for."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.domain.accounts import MAIN
from worker.domain.evidence.reports import DIALED_RANK
from worker.domain.statuses import AttemptState, Channel


@dataclass(frozen=True, slots=True)
class Doubt:
    """One attempt whose outcome is unknown. Carries no address: `batch_id` and `reference_id` name it."""

    attempt: int
    batch_id: str
    reference_id: str
    channel: Channel
    state: AttemptState
    doubted_at: datetime | None
    age: timedelta
    checks: int
    check_at: datetime | None
    error_code: str | None


_DOUBTS = text("""
    SELECT a.id, b.batch_id, r.reference_id, a.channel, a.state, a.doubted_at,
           clock_timestamp() - a.began_at, a.checks, a.check_at, a.error_code
    FROM attempt AS a
    JOIN communication_request AS r ON r.id = a.request
    JOIN communication_batch AS b ON b.id = a.batch
    WHERE a.check_at IS NOT NULL AND (a.state = 'IN_DOUBT'
        OR (a.state = 'SENDING' AND a.check_at <= clock_timestamp()))
        AND (CAST(:campaign AS bigint) IS NULL OR b.campaign_id = :campaign)
        AND (:channel = '' OR a.channel = :channel) AND (:batch = '' OR b.batch_id = :batch)
    ORDER BY a.began_at LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which doubts: of a campaign, a batch, a channel; empty: of any."""

    campaign: int | None = None
    batch: str = ""
    channel: str = ""


EVERY = Chosen()


def in_doubt(connection: Connection, limit: int, chosen: Chosen = EVERY) -> list[Doubt]:
    """Attempts in doubt, oldest first."""
    return [
        Doubt(row[0], row[1], row[2], Channel(row[3]), AttemptState(row[4]), *row[5:])
        for row in connection.execute(_DOUBTS, {"limit": limit, **asdict(chosen)})
    ]


# Open attempts are few beside all there are, and none is read but along their own index.
_DECIDABLE = """
    WITH decidable AS MATERIALIZED (
        SELECT id, batch, channel FROM attempt WHERE check_at IS NOT NULL AND state = 'IN_DOUBT'
    )
    SELECT {what} FROM decidable AS d JOIN communication_batch AS b ON b.id = d.batch
    WHERE (:channel = '' OR d.channel = :channel) AND (:batch = '' OR b.batch_id = :batch)
"""
_LIST_DECIDABLE = text(
    _DECIDABLE.format(what="d.id") + "AND d.id > :after ORDER BY d.id LIMIT :limit"
)
_COUNT_DECIDABLE = text(_DECIDABLE.format(what="count(*)"))


def list_decidable(connection: Connection, chosen: Chosen, *, after: int, limit: int) -> list[int]:
    """The next attempts that somebody may decide about."""
    told = {"batch": chosen.batch, "channel": chosen.channel, "after": after, "limit": limit}
    return list(connection.scalars(_LIST_DECIDABLE, told))


def count_decidable(connection: Connection, chosen: Chosen) -> int:
    """Count all of them."""
    told = {"batch": chosen.batch, "channel": chosen.channel}
    return connection.scalar(_COUNT_DECIDABLE, told) or 0


# What was written and not answered in time may lie unread at a provider that stands still: it is waited for
# as long as for a worker that went silent. Whatever else is in doubt the provider has seen, or cut off.
_ON_THEIR_WAY = text("""
    SELECT count(*) FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE b.batch_id = :batch_id AND (
        (a.state = 'SENDING' AND a.check_at > clock_timestamp())
        OR (a.state = 'IN_DOUBT' AND a.error_code = 'read_timeout'
            AND a.began_at > clock_timestamp() - CAST(:arrival AS interval)))
""")
ARRIVAL = timedelta(seconds=70)
"""How long after begin a request may still arrive, with the usual durations."""


def on_their_way(connection: Connection, batch_id: str, arrival: timedelta = ARRIVAL) -> int:
    """Attempts of a batch whose request could still be written, arrive at the provider or be answered."""
    return connection.scalar(_ON_THEIR_WAY, {"batch_id": batch_id, "arrival": arrival}) or 0


_QUEUED = text("""
    SELECT a.id, a.sid FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE b.batch_id = :batch_id AND a.channel = 'voice' AND a.state = 'ACCEPTED'
        AND coalesce(a.fold_rank, 0) < :dialed
    ORDER BY a.id
""")


def find_queued_calls(connection: Connection, batch_id: str) -> Sequence[tuple[int, str]]:
    """(attempt, sid) of accepted calls that are not known to have been dialed."""
    values = {"batch_id": batch_id, "dialed": DIALED_RANK}
    return [(row[0], row[1]) for row in connection.execute(_QUEUED, values)]


_DOUBLED = text("""
    SELECT newer.id, newer.sid FROM attempt AS older JOIN attempt AS newer USING (request)
    WHERE older.late AND newer.attempt_number > older.attempt_number AND newer.channel = 'voice'
        AND newer.state = 'ACCEPTED' AND coalesce(newer.fold_rank, 0) < :dialed
    ORDER BY newer.id
""")


def find_doubled_calls(connection: Connection) -> Sequence[tuple[int, str]]:
    """(attempt, sid) of calls not dialed yet to whom an older attempt, as we learned late, reached."""
    rows = connection.execute(_DOUBLED, {"dialed": DIALED_RANK})
    return [(row[0], row[1]) for row in rows]


_STATES = text("SELECT state FROM attempt WHERE id = :attempt")


def state_of(connection: Connection, attempt: int) -> AttemptState | None:
    """The state of one attempt; None when there is none."""
    state = connection.scalar(_STATES, {"attempt": attempt})
    return None if state is None else AttemptState(state)


_ACCOUNT = text("SELECT account FROM attempt WHERE id = :attempt")
_ACCOUNT_OF_SID = text("""
    SELECT a.account FROM sid AS s JOIN attempt AS a ON a.id = s.attempt WHERE s.sid = :sid LIMIT 1
""")


def account_of(connection: Connection, attempt: int) -> str:
    """The provider's account by which an attempt was begun."""
    return connection.scalar(_ACCOUNT, {"attempt": attempt}) or MAIN


def account_of_sid(connection: Connection, sid: str) -> str:
    """The same, by an id that the provider gave it."""
    return connection.scalar(_ACCOUNT_OF_SID, {"sid": sid}) or MAIN
