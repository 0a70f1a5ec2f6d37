"""A database that has been in use: requests by the hundred thousand, most of them done with."""

import psycopg
from sqlalchemy import Engine

from worker.store.connect import connect
from worker.store.migrate import upgrade

WAITING_SHARE = 10

_CAMPAIGN = """
    INSERT INTO campaign (campaign_name, mode, source, daily_start_time, daily_end_time, active_days,
                          timezone, recipient_hours, twiml, last_updated_by)
    VALUES ('stored', 'voice', '+15125550100', '00:00', '23:59:59',
            '{mon,tue,wed,thu,fri,sat,sun}', 'UTC', false, '<Response/>', 'bench@example.com')
"""
_BATCHES = """
    INSERT INTO communication_batch (batch_id, campaign_id, paused, last_updated_by)
    SELECT 'stored-' || n, 1, n <= {paused}, 'bench@example.com'
    FROM generate_series(1, {paused} + {open}) AS n
"""
_RECIPIENTS = """
    INSERT INTO recipient (channel, identity)
    SELECT 'voice', '+1' || 2000000000 + n FROM generate_series(1, {rows}) AS n
"""
_REQUESTS = """
    INSERT INTO communication_request (batch, recipient, reference_id, target, address,
        request_variables, request_status, channel_manager_status, attempt, attempt_count, moved_by)
    SELECT 1 + n / {share} % ({paused} + {open}), n, n::text, '+1' || 2000000000 + n,
           '+1' || 2000000000 + n, '{{"name": "Ana"}}',
           CASE n % {share} WHEN 0 THEN 'PENDING' ELSE 'COMPLETED' END,
           CASE n % {share} WHEN 0 THEN 'PENDING' ELSE 'COMPLETED' END,
           CASE n % {share} WHEN 0 THEN NULL ELSE n END, (n % {share} <> 0)::int, 'callback'
    FROM generate_series(1, {rows}) AS n
"""
_ATTEMPTS = """
    INSERT INTO attempt (id, request, batch, recipient, channel, source, attempt_number, token,
                         state, send_by, accepted_at, closed_at, sid)
    OVERRIDING SYSTEM VALUE
    SELECT id, id, batch, recipient, 'voice', '+15125550100', 1, gen_random_uuid(), 'DONE',
           clock_timestamp(), clock_timestamp(), clock_timestamp(), 'CA' || md5(id::text)
    FROM communication_request WHERE request_status = 'COMPLETED'
"""
# Those of the paused batches first: whoever looks for what is due must not wade through them.
_QUEUE = """
    INSERT INTO queue (request, batch, due_at)
    SELECT id, batch, clock_timestamp() - interval '1 day'
                      + (batch > {paused})::int * interval '1 hour' + id * interval '1 ms' / 1000
    FROM communication_request WHERE request_status = 'PENDING'
"""
_PACE = "INSERT INTO batch_pace (batch, channel) SELECT id, 'voice' FROM communication_batch"
_TRANSITIONS = """
    INSERT INTO status_transition (request, from_status, to_status, channel_manager_status, at, cause)
    SELECT id, CASE WHEN request_status <> 'PENDING' THEN 'PENDING' END, request_status,
           channel_manager_status, clock_timestamp(), 'ingest'
    FROM communication_request
"""
_COUNTS = """
    INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
    SELECT batch, request_status, channel_manager_status, slot, count(*)
    FROM communication_request, generate_series(0, 63) AS slot WHERE batch % 50 = 0
    GROUP BY 1, 2, 3, 4
"""

STATEMENTS = (_BATCHES, _RECIPIENTS, _REQUESTS, _ATTEMPTS, _TRANSITIONS, _QUEUE, _PACE, _COUNTS)


def fill(url: str, *, rows: int, open_batches: int, paused_batches: int = 100) -> Engine:
    """A migrated database with so many requests, a tenth of them waiting; an engine on it.

    Triggers and foreign keys are off while it is filled: only the result matters here.
    """
    address = url.replace("postgresql://", "postgresql+psycopg://")
    upgrade(address)
    sizes = {"rows": rows, "open": open_batches, "paused": paused_batches, "share": WAITING_SHARE}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_CAMPAIGN)
        for statement in STATEMENTS:
            connection.execute(statement.format(**sizes).encode())
        connection.execute(
            "SELECT setval(pg_get_serial_sequence('attempt', 'id'), %s)", (rows + 1,)
        )
        connection.execute(
            "INSERT INTO sid (sid, attempt) SELECT sid, id FROM attempt WHERE sid IS NOT NULL"
        )
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return connect(address)
