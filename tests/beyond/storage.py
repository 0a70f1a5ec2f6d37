"""What a finished request leaves on the database's disk."""

import psycopg

from worker.local.postgres import EmbeddedPostgres

_STORED = """
    SELECT sum(pg_total_relation_size(c.oid))::bigint
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public'
"""

_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL"


def written(postgres: EmbeddedPostgres) -> int:
    """Bytes of write-ahead log since the server was made."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        return _one(connection, "SELECT pg_current_wal_insert_lsn() - '0/0'")


def measure(postgres: EmbeddedPostgres, *, since: int) -> dict[str, int]:
    """Bytes per request; asked of the server itself, not of the pooler.

    Args:
        postgres: the server.
        since: what had been written to its log before the first request came.
    """
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        requests = max(1, _one(connection, "SELECT count(*) FROM communication_request"))
        return {
            "database_sessions": _one(connection, _SESSIONS),
            "stored_bytes_per_request": _one(connection, _STORED) // requests,
            "log_bytes_per_request": (written(postgres) - since) // requests,
        }


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0
