"""The store's own statements, for the bare driver."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import psycopg
from sqlalchemy import TextClause

from worker.store import attempt_facts, attempts, changes, chunk_contents

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[Row]


def _bare(statement: TextClause) -> str:
    """`:name` as the driver writes it."""
    return re.sub(r"(?<!:):([a-z_]+)", r"%(\1)s", statement.text.replace("%", "%%"))


# What a scan writes, without asking whose turn it is.
CLAIM = """
    UPDATE queue SET lease_token = %(lease)s,
                     lease_until = clock_timestamp() + %(lease_time)s
    WHERE request = ANY (ARRAY(
        SELECT request FROM queue
        WHERE batch = %(batch)s AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY due_at, request LIMIT %(room)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING batch, request, claims
"""
TEMPLATE = _bare(chunk_contents._TEMPLATE)
DRAFTS = _bare(chunk_contents._DRAFTS)
BEGIN = _bare(attempts._BEGIN)
LOCK_REQUESTS = _bare(attempts._LOCK_REQUESTS)
FACTS = _bare(attempt_facts._FACTS)
WRITE = _bare(changes._WRITE)


async def rows(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[Row]:
    """What a statement returns."""
    return await (await connection.execute(statement.encode(), values)).fetchall()


async def record(
    connection: Connection, accepted: Sequence[tuple[int, int, str]], check_in: float
) -> None:
    """Write what was accepted: (attempt, request, sid)."""
    chosen = {"attempts": sorted(attempt for attempt, _, _ in accepted)}
    changed = [
        {
            "attempt": attempt,
            "request": request,
            "was": "SENDING",
            "state": "ACCEPTED",
            "late": False,
            "taken": True,
            "sid": sid,
            "checks": 0,
            "check_in": check_in,
            "counted": 0,
            "extra_attempts": 0,
            "was_status": "INITIATED",
            "status": "INITIATED",
            "channel_status": "QUEUED",
            "cause": "dispatch",
        }
        for attempt, request, sid in accepted
    ]
    async with connection.transaction():
        await connection.execute(LOCK_REQUESTS.encode(), chosen)
        await rows(connection, FACTS, chosen)
        written = {
            "changes": orjson.dumps(changed).decode(),
            **chosen,
        }
        await connection.execute(WRITE.encode(), written)
