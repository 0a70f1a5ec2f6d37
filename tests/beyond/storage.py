"""What a finished request leaves on the database's disk."""

import psycopg

from worker.local.postgres import EmbeddedPostgres

_STORED = """
    SELECT sum(pg_total_relation_size(c.oid))::bigint
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public'
"""


def measure(postgres: EmbeddedPostgres) -> dict[str, int]:
    """Bytes per request, over all tables and indexes; asked of the server itself, not of the pooler."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        requests = _one(connection, "SELECT count(*) FROM communication_request")
        sessions = _one(
            connection, "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL"
        )
        return {
            "database_sessions": sessions,
            "stored_bytes_per_request": _one(connection, _STORED) // max(1, requests),
        }


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0
