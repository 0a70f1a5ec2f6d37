"""The limit: the same rows, parsed and judged beforehand, by COPY and INSERT ... SELECT."""

from pathlib import Path

import orjson
import psycopg

from worker.domain.contract.csv_rows import Row, rows
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel

BLOCK = 1 << 18
STAGING = """
    CREATE TEMPORARY TABLE ready (
        reference_id text, target text, address text, is_duplicate boolean, status text,
        request_variables jsonb
    )
"""
RECIPIENTS = """
    INSERT INTO recipient (channel, identity)
    SELECT 'sms', address FROM ready WHERE address IS NOT NULL AND NOT is_duplicate
"""
REQUESTS = """
    WITH arrived AS (
        INSERT INTO communication_request (
            batch, recipient, is_duplicate, reference_id, target, address, request_variables,
            request_status, channel_manager_status, error_code, moved_by
        )
        SELECT %(batch)s, p.id, r.is_duplicate, reference_id, target, r.address, request_variables,
               status, status, CASE status WHEN 'INVALID' THEN 'invalid_target' END, 'ingest'
        FROM ready AS r LEFT JOIN recipient AS p ON p.channel = 'sms' AND p.identity = r.address
        RETURNING id, request_status
    )
    INSERT INTO queue (request, batch, due_at)
    SELECT id, %(batch)s, clock_timestamp() FROM arrived WHERE request_status = 'PENDING'
"""


def prepare(file: Path, ready: Path, region: str) -> None:
    """Write what COPY is to read: judged, and without repeated references."""
    references: set[str] = set()
    addresses: set[str] = set()
    with file.open("rb") as opened, ready.open("w", encoding="utf-8") as out:
        for row in rows(opened):
            if isinstance(row, Row) and row.reference_id not in references:
                references.add(row.reference_id)
                out.write(_line(row, region, addresses))


def _line(row: Row, region: str, addresses: set[str]) -> str:
    found = normalize(Channel.SMS, row.target, region)
    address = None if isinstance(found, Unreachable) else found
    status = "INVALID" if address is None else "DUPLICATE" if address in addresses else "PENDING"
    if address is not None:
        addresses.add(address)
    variables = orjson.dumps(row.request_variables).decode().replace("\\", "\\\\")
    duplicate = "t" if status == "DUPLICATE" else "f"
    cells = (row.reference_id, row.target, address or "\\N", duplicate, status, variables)
    return "\t".join(cells) + "\n"


def run(database_url: str, ready: Path, batch: int) -> int:
    """Store what was prepared; returns how many rows there were."""
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(STAGING)
        with ready.open("rb") as opened, cursor.copy("COPY ready FROM STDIN") as copy:
            while block := opened.read(BLOCK):
                copy.write(block)
        rows = cursor.rowcount
        cursor.execute("ANALYZE ready")
        cursor.execute(RECIPIENTS)
        cursor.execute("ANALYZE recipient")
        cursor.execute(REQUESTS, {"batch": batch})
    return rows
