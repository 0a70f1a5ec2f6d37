"""The facts by which an attempt's evidence is judged, read under its lock."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.evidence.attempts import Facts
from worker.domain.schedule.hours import intervals
from worker.domain.statuses import AttemptState, Cause, Channel, ChannelStatus, RequestStatus

# Durations as numbers: the driver reads an interval by a regular expression.
_FACTS = text("""
    SELECT a.id AS attempt, a.token, a.request, a.channel, a.state, a.sid,
           a.fold_rank, a.fold_sequence, a.fold_name, a.checks, a.attempt_number,
           extract(epoch FROM clock_timestamp() - a.began_at)::float8 AS age,
           r.attempt = a.id AS is_current, r.request_status, r.channel_manager_status, r.moved_by,
           r.attempt_count, 1 + c.retry_count + r.extra_attempts AS attempts_allowed,
           b.batch_id, c.id AS campaign, extract(epoch FROM c.retry_interval)::float8 AS retry_interval,
           c.retry_on, c.retry_delays, c.resend_in_doubt,
           c.voicemail_detection IS NOT NULL AS detects_machines,
           extract(epoch FROM b.expires_on - clock_timestamp())::float8 AS time_left,
           b.deleted_at IS NULL AND b.archived_at IS NULL
               AND (b.expires_on IS NULL OR b.expires_on > clock_timestamp()) AS batch_lives,
           CASE WHEN c.accounts <> '{}' THEN (
               SELECT count(*) FROM unnest(c.accounts) AS way
               WHERE way <> a.account AND NOT EXISTS (
                   SELECT FROM attempt AS o WHERE o.request = a.request AND o.account = way
                       AND o.state IN ('NOT_SENT', 'REFUSED'))
           ) END AS others_left
    FROM attempt AS a
    JOIN communication_request AS r ON r.id = a.request
    JOIN communication_batch AS b ON b.id = r.batch
    JOIN campaign AS c ON c.id = b.campaign_id
    WHERE a.id = ANY (:attempts) ORDER BY a.id FOR NO KEY UPDATE OF a
""")


class _Row(NamedTuple):
    """The columns, in their order: by name out of the driver's row each costs five times as much."""

    attempt: int
    token: UUID
    request: int
    channel: str
    state: str
    sid: str | None
    fold_rank: int | None
    fold_sequence: int
    fold_name: str
    checks: int
    attempt_number: int
    age: float
    is_current: bool
    request_status: str
    channel_manager_status: str
    moved_by: str
    attempt_count: int
    attempts_allowed: int
    batch_id: str
    campaign: int
    retry_interval: float
    retry_on: list[str]
    retry_delays: Mapping[str, str]
    resend_in_doubt: bool
    detects_machines: bool
    time_left: float | None
    batch_lives: bool
    others_left: int | None


def read_facts(connection: Connection, attempts: Sequence[int]) -> dict[int, Facts]:
    """Read what is known of each attempt, and lock it. Whoever calls holds their requests already."""
    rows = [_Row._make(row) for row in connection.execute(_FACTS, {"attempts": attempts})]
    written = {row.campaign: row.retry_delays for row in rows}
    delays = {campaign: tuple(intervals(delay).items()) for campaign, delay in written.items()}
    return {row.attempt: _facts(row, delays[row.campaign]) for row in rows}


def _facts(row: _Row, retry_delays: tuple[tuple[str, timedelta], ...]) -> Facts:
    return Facts(
        attempt=row.attempt,
        token=row.token,
        request=row.request,
        batch_id=row.batch_id,
        channel=Channel(row.channel),
        state=AttemptState(row.state),
        sid=row.sid,
        position=None
        if row.fold_rank is None
        else (row.fold_rank, row.fold_sequence, row.fold_name),
        is_current=row.is_current,
        checks=row.checks,
        age=timedelta(seconds=row.age),
        request_status=RequestStatus(row.request_status),
        channel_status=ChannelStatus(row.channel_manager_status),
        moved_by=Cause(row.moved_by),
        attempt_count=row.attempt_count,
        attempts_allowed=row.attempts_allowed,
        retry_interval=timedelta(seconds=row.retry_interval),
        batch_lives=row.batch_lives,
        resend_in_doubt=row.resend_in_doubt,
        detects_machines=row.detects_machines,
        attempt_number=row.attempt_number,
        retry_on=tuple(row.retry_on),
        retry_delays=retry_delays,
        others_listed=row.others_left is not None,
        others_left=row.others_left or 0,
        time_left=None if row.time_left is None else timedelta(seconds=row.time_left),
    )
