"""What PostgreSQL really planned and read, for whatever runs on an engine, and a past to read through."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import Engine, event, text

_EXPLAIN = """
    LOAD 'auto_explain';
    SET auto_explain.log_min_duration = 0;
    SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_format = json;
    SET auto_explain.log_analyze = on;
    SET client_min_messages = log;
"""


class Plans(list[dict[str, Any]]):
    """What was planned since the last look."""

    def note(self, notice: psycopg.errors.Diagnostic) -> None:
        """Take the plan out of a notice of the server."""
        message = notice.message_primary or ""
        if "plan:" in message:
            self.append(json.loads(message.partition("plan:")[2]))

    def nodes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every node of every plan, with its statement."""
        for plan in self:
            yield from ((plan["Query Text"], node) for node in _nodes(plan["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def explained(engine: Engine) -> Plans:
    """The plans of everything that runs on this engine from now on."""
    plans = Plans()

    @event.listens_for(engine, "connect")
    def explain(connection: Any, _: object) -> None:
        connection.add_notice_handler(plans.note)
        connection.execute(_EXPLAIN)
        connection.commit()

    return plans


def rows_read(plans: Plans) -> dict[str, float]:
    """By statement: rows that its scans touched, those thrown away included."""
    read: dict[str, float] = {}
    for statement, node in plans.nodes():
        if "Scan" in node["Node Type"] and "Relation Name" in node:
            touched = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read[statement] = read.get(statement, 0) + touched * node["Actual Loops"]
    return read


# What was applied, delivered, settled and taken in, each of it done with.
DONE = (
    """INSERT INTO inbox (provider, key, report, attempt, applied_at)
       SELECT 'voice', gen_random_uuid()::text, '{}', n, now() FROM generate_series(1, :n) AS n""",
    """INSERT INTO webhook_delivery (event, request, url, body, delivered_at)
       SELECT gen_random_uuid(), n, 'https://example.com', '{}', now()
       FROM generate_series(1, :n) AS n""",
    """INSERT INTO dead_letter (kind, reason, payload, settled_at, settled_how)
       SELECT 'callback', 'old', '{}', now(), 'discarded' FROM generate_series(1, :n)""",
    """INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token, state,
                            late, send_by, accepted_at, closed_at, sid)
       SELECT 10000000 + n + (SELECT coalesce(max(id), 0) FROM attempt), 1, n, 'voice',
              '+15125550100', 1, gen_random_uuid(), 'DONE', n % 2 = 0, now(), now(), now(), 'CA-old'
       FROM generate_series(1, :n) AS n""",
    """INSERT INTO start_message (sid, identity, next_try_at)
       SELECT gen_random_uuid()::text, n::text, NULL FROM generate_series(1, :n) AS n""",
    """WITH made AS (
           INSERT INTO audit (by, door, deed, subject)
           SELECT 'ana@example.com', 'command', 'pause', 'batch old' FROM generate_series(1, :n)
           RETURNING id
       ) INSERT INTO audit_seal (entry, digest) SELECT id, '\\x00' FROM made""",
    """INSERT INTO message (id, task)
       SELECT gen_random_uuid()::text, 'outreach.create_batch' FROM generate_series(1, :n)""",
    """INSERT INTO suppression (identity, channels, reason, source, act, lifted_at, lifted_by)
       SELECT '+1' || n, '{voice}', 'unsubscribed', 'operator', gen_random_uuid()::text, now(), 'ana'
       FROM generate_series(1, :n) AS n""",
    """INSERT INTO bulk_deed (once, deed, batch, chosen, most, started_by, finished_at)
       SELECT gen_random_uuid(), 'retry', n, '{}', 1, 'ana@example.com', now()
       FROM generate_series(1, :n) AS n""",
    """INSERT INTO heard_act (act) SELECT gen_random_uuid()::text FROM generate_series(1, :n)""",
)


def history(engine: Engine, batches: int) -> None:
    """Batches that were done with long ago, under a daily cap of today's."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("""
                INSERT INTO communication_batch (batch_id, campaign_id, finished_at, last_updated_by)
                SELECT gen_random_uuid()::text, 1, now(), 'bench@example.com'
                FROM generate_series(1, :n)
            """),
            {"n": batches},
        )
        connection.execute(
            text("""
                INSERT INTO request_count (batch, request_status, channel_manager_status, slot, n)
                SELECT b.id, 'COMPLETED', 'COMPLETED', slot, 5 FROM communication_batch AS b,
                    generate_series(0, 3) AS slot WHERE b.finished_at IS NOT NULL
                ON CONFLICT DO NOTHING
            """)
        )
        for statement in DONE:
            connection.execute(text(statement), {"n": batches})
        connection.execute(text("UPDATE campaign SET max_daily_calls = 1000000"))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))
