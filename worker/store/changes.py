"""Writing what evidence changes: attempts, their requests, the queue, recipients. A whole set at a time."""

from collections.abc import Sequence
from datetime import timedelta

import orjson
from sqlalchemy import Connection, text

from worker.domain.consent.suppression import Act, Source
from worker.domain.evidence.attempts import Change
from worker.domain.statuses import AttemptState, RequestStatus, SuppressReason
from worker.store.suppressions import suppress_recipients_of

_CHANGES = "jsonb_to_recordset(CAST(:changes AS jsonb)) AS v"

# One statement, since its rows are locked already and what a send asks of the database is mostly asking.
# It names the state it leaves: whoever lost a race finds no row and leaves quietly. The array stands
# beside the join because by it the rows are found in an index: nobody knows how many rows a recordset
# has, and a young table's plan, kept while it grows, would read it through.
_WRITE = text(f"""
    WITH v AS MATERIALIZED (
        SELECT * FROM {_CHANGES} (attempt bigint, request bigint, was text, state text, late bool,
            taken bool, sid text, checks smallint, fold_rank int, fold_sequence int, fold_name text,
            error_code text, check_in float8, counted smallint, was_status text, status text,
            channel_status text, move_code text, cause text, why text, extra_attempts smallint)
    ), written AS (
        UPDATE attempt AS a
        SET state = v.state, counted = v.state <> 'NOT_SENT', late = a.late OR v.late,
            sid = coalesce(a.sid, v.sid), checks = v.checks,
            fold_rank = coalesce(v.fold_rank, a.fold_rank),
            fold_sequence = coalesce(v.fold_sequence, a.fold_sequence),
            fold_name = coalesce(v.fold_name, a.fold_name),
            error_code = coalesce(v.error_code, a.error_code),
            accepted_at = CASE WHEN v.taken THEN coalesce(a.accepted_at, clock_timestamp())
                          ELSE a.accepted_at END,
            doubted_at = CASE WHEN v.state = 'IN_DOUBT'
                         THEN coalesce(a.doubted_at, clock_timestamp()) ELSE a.doubted_at END,
            check_at = clock_timestamp() + make_interval(secs => v.check_in),
            closed_at = CASE WHEN v.check_in IS NULL
                        THEN coalesce(a.closed_at, clock_timestamp()) END
        FROM v WHERE a.id = v.attempt AND a.id = ANY (:attempts) AND a.state = v.was
        RETURNING v.*, a.sid AS first_sid, a.accepted_at, a.channel
    ), counted AS (
        INSERT INTO tally_slot (name, slot, n)
        SELECT concat('attempt:', channel, ':', was, ':', state), mod(pg_backend_pid(), 64), count(*)
        FROM written WHERE was <> state GROUP BY 1
        UNION ALL
        SELECT concat('retry:', channel, ':', channel_status), mod(pg_backend_pid(), 64), count(*)
        FROM written WHERE status = 'PENDING' AND state <> 'NOT_SENT' GROUP BY 1
        ORDER BY 1
        ON CONFLICT (name, slot) DO UPDATE SET n = tally_slot.n + excluded.n
    ), named AS (
        INSERT INTO sid (sid, attempt)
        SELECT sid, attempt FROM v WHERE sid IS NOT NULL ORDER BY sid, attempt
        ON CONFLICT DO NOTHING
    )
    UPDATE communication_request AS r
    SET attempt_count = r.attempt_count + w.counted,
        call_manager_sid = CASE WHEN r.attempt = w.attempt
                           THEN coalesce(w.first_sid, r.call_manager_sid)
                           ELSE r.call_manager_sid END,
        sent_at = CASE WHEN w.taken AND r.attempt = w.attempt THEN w.accepted_at ELSE r.sent_at END,
        request_status = coalesce(w.status, r.request_status),
        channel_manager_status = coalesce(w.channel_status, r.channel_manager_status),
        error_code = CASE WHEN w.status IS NULL THEN r.error_code ELSE w.move_code END,
        extra_attempts = r.extra_attempts + w.extra_attempts,
        moved_by = coalesce(w.cause, r.moved_by),
        moved_why = CASE WHEN w.status IS NULL THEN r.moved_why ELSE w.why END
    FROM written AS w
    WHERE r.id = w.request
        AND (w.status IS NULL OR (r.attempt = w.attempt AND r.request_status = w.was_status))
        AND (w.status IS NOT NULL OR w.counted <> 0 OR w.sid IS NOT NULL)
""")  # noqa: S608  _CHANGES is a constant

# What a daily cap counts: an attempt that was not sent after all is taken back, and late evidence of one
# is added, in the quarter in which it began.
_COUNT = text(f"""
    INSERT INTO begun_count (campaign, quarter, slot, n)
    SELECT b.campaign_id, date_bin('15 minutes', a.began_at, 'epoch'), mod(pg_backend_pid(), 8),
           sum(v.counted)
    FROM {_CHANGES} (attempt bigint, state text, counted smallint)
    JOIN attempt AS a ON a.id = v.attempt AND a.state = v.state
    JOIN communication_batch AS b ON b.id = a.batch
    WHERE v.counted <> 0 AND a.id = ANY (:attempts) GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (campaign, quarter, slot) DO UPDATE SET n = begun_count.n + excluded.n
""")  # noqa: S608  _CHANGES is a constant

_ENQUEUE = text(f"""
    INSERT INTO queue (request, batch, due_at, group_limit)
    SELECT r.id, r.batch, clock_timestamp() + make_interval(secs => v.due_in), v.group_limit
    FROM {_CHANGES} (request bigint, due_in float8, group_limit smallint)
    JOIN communication_request AS r ON r.id = v.request
    WHERE v.due_in IS NOT NULL AND r.request_status = 'PENDING' ORDER BY r.id
    ON CONFLICT (request) DO UPDATE
    SET due_at = excluded.due_at, lease_token = NULL, lease_until = NULL, claims = 0,
        group_limit = excluded.group_limit
""")  # noqa: S608  _CHANGES is a constant

_DEQUEUE = text(f"""
    DELETE FROM queue USING {_CHANGES} (request bigint, was_status text, status text)
    WHERE queue.request = v.request AND v.was_status = 'PENDING' AND v.status <> 'PENDING'
""")  # noqa: S608  _CHANGES is a constant


def write(connection: Connection, changes: Sequence[Change]) -> None:
    """Apply changes judged from facts that this transaction has locked; one per attempt."""
    for layer in _one_per_request(changes):
        _write(connection, layer)


def _one_per_request(changes: Sequence[Change]) -> list[list[Change]]:
    """An UPDATE takes only one of several rows that fit: attempts of one request take turns."""
    layers: list[dict[int, Change]] = []
    for change in changes:
        fitting = (layer for layer in layers if change.facts.request not in layer)
        layer = next(fitting, None)
        if layer is None:
            layers.append(layer := {})
        layer[change.facts.request] = change
    return [list(layer.values()) for layer in layers]


def _write(connection: Connection, changes: Sequence[Change]) -> None:
    rows = {
        "changes": orjson.dumps([_row(change) for change in changes]).decode(),
        "attempts": [change.facts.attempt for change in changes],
    }
    connection.execute(_WRITE, rows)
    if any(change.counted for change in changes):
        connection.execute(_COUNT, rows)
    if any(change.move and change.move.due_in is not None for change in changes):
        connection.execute(_ENQUEUE, rows)
    if any(change.facts.request_status is RequestStatus.PENDING for change in changes):
        connection.execute(_DEQUEUE, rows)
    for reason in SuppressReason:
        if told := {one.facts.attempt: _act(one) for one in changes if one.suppress is reason}:
            suppress_recipients_of(connection, told, reason)


def _act(change: Change) -> Act:
    return change.act or Act(Source.PROVIDER, f"attempt-{change.facts.attempt}")


def _row(change: Change) -> dict[str, object]:
    facts, move = change.facts, change.move
    rank, sequence, name = change.position or (None, None, None)
    row: dict[str, object] = {
        "attempt": facts.attempt,
        "request": facts.request,
        "was": facts.state,
        "state": change.state,
        "late": change.late,
        "taken": change.state in {AttemptState.ACCEPTED, AttemptState.DONE},
        "sid": change.sid,
        "checks": change.checks,
        "fold_rank": rank,
        "fold_sequence": sequence,
        "fold_name": name,
        "error_code": change.error_code,
        "check_in": _seconds(change.check_in),
        "counted": change.counted,
        "extra_attempts": 0,
        "was_status": facts.request_status,
    }
    if move is not None:
        row |= {
            "status": move.status,
            "channel_status": move.channel_status,
            "move_code": move.error_code,
            "cause": move.cause,
            "why": move.why,
            "extra_attempts": move.extra_attempts,
            "due_in": _seconds(move.due_in),
            "group_limit": move.group_limit,
        }
    return row


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
