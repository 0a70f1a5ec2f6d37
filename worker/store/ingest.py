"""Requests come in: staged by COPY, then judged and inserted by set-based statements.

Everything happens in the caller's transaction, so a killed upload leaves nothing. Uploads of one
batch take turns by an advisory lock rather than by the batch row, which begin and pause need.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import orjson
import psycopg
from sqlalchemy import Connection, text

from worker.domain.contract.csv_rows import BadRow
from worker.domain.statuses import Channel, RequestStatus
from worker.store.connect import to_store_error
from worker.store.replacements import replace_staged

# The first half of a two-part advisory lock; the second is the batch.
INGEST_LOCK = 7_230_003
REPORTED = 1_000
"""How many refused rows are named; all are counted."""
CONFLICT = "reference_id is in the batch already, with another target or other variables"
IRREPLACEABLE = (
    ", and can't be replaced: that takes a valid target, and a request that is PENDING, INVALID,"
    " DUPLICATE or removed and was never attempted"
)


# A tuple for the sake of speed, as the row of a file is.
class Arrival(NamedTuple):
    """One request to be stored: the address to contact and whose it is, or the `fault` of its target."""

    line: int
    reference_id: str
    target: str
    address: str | None
    identity: str | None
    fault: str | None
    request_variables: dict[str, str]
    filtered: str | None = None
    """Why the campaign does not contact this address, where it does not."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """The result of storing arrivals. `known` ones were stored before, equal in every field."""

    by_status: dict[RequestStatus, int]
    known: int
    refused_count: int
    refused: tuple[BadRow, ...]
    replaced: int = 0


_TURN = "(:lock, CAST(:batch % 2147483647 AS int))"


def take_turn(connection: Connection, batch: int) -> None:
    """Wait until no other transaction adds to this batch; held until ours ends."""
    chosen = {"lock": INGEST_LOCK, "batch": batch}
    connection.execute(text(f"SELECT pg_advisory_xact_lock{_TURN}"), chosen)


def try_turn(connection: Connection, batch: int) -> bool:
    """The same without waiting. Returns False while something is added to the batch."""
    chosen = {"lock": INGEST_LOCK, "batch": batch}
    return bool(connection.scalar(text(f"SELECT pg_try_advisory_xact_lock{_TURN}"), chosen))


def add(
    connection: Connection,
    batch: int,
    channel: Channel,
    arrivals: Iterable[Arrival],
    *,
    replace: bool = False,
) -> Ingested:
    """Store the arrivals in a batch whose turn this transaction has.

    1. Stage them.
    2. Where that is asked for, let them replace what the batch has otherwise and nobody was tried for:
       that equals them from then on.
    3. Set aside those whose reference_id came before, in the file or in the batch.
    4. Remember every recipient, in ascending order.
    5. Insert the requests, each judged PENDING, DUPLICATE, INVALID or SKIPPED, and queue what is
       PENDING as due now.
    """
    _stage(connection, arrivals)
    replaced = _replace(connection, batch, channel) if replace else 0
    conflict = CONFLICT + (IRREPLACEABLE if replace else "")
    values = {"batch": batch, "conflict": conflict}
    known, refused_count, refused = connection.execute(_SET_ASIDE, values).one()
    connection.execute(_RECIPIENTS, {"channel": channel})
    rows = connection.execute(_REQUESTS, {"batch": batch, "channel": channel})
    return Ingested(
        by_status={RequestStatus(status): n for status, n in rows},
        known=known - replaced,
        refused_count=refused_count,
        refused=tuple(BadRow(line, reason) for line, reason in refused or ()),
        replaced=replaced,
    )


def _replace(connection: Connection, batch: int, channel: Channel) -> int:
    connection.execute(_RECIPIENTS, {"channel": channel})
    return replace_staged(connection, batch, channel)


def refusals(connection: Connection) -> Iterator[BadRow]:
    """Every row that the last portion set aside, by line, read as they are asked for."""
    streaming = {"stream_results": True, "yield_per": REPORTED}
    rows = connection.execute(
        text("SELECT line, reason FROM set_aside ORDER BY line"), execution_options=streaming
    )
    for line, reason in rows:
        yield BadRow(line, reason)


# Tables of the connection, emptied by every commit: dropping them each time would bloat the catalog.
_STAGING = text("""
    DO $$ BEGIN
        IF to_regclass('pg_temp.staged') IS NULL THEN
            CREATE TEMPORARY TABLE staged (
                line bigint NOT NULL, reference_id text NOT NULL, target text NOT NULL,
                address text, identity text, fault text, request_variables jsonb NOT NULL,
                filtered text
            ) ON COMMIT DELETE ROWS;
            CREATE TEMPORARY TABLE set_aside (line bigint NOT NULL, reason text NOT NULL)
                ON COMMIT DELETE ROWS;
        ELSE
            DELETE FROM staged;
            DELETE FROM set_aside;
        END IF;
    END $$
""")
_COPY = (
    "COPY staged (line, reference_id, target, address, identity, fault, request_variables, filtered)"
    " FROM STDIN"
)


def _stage(connection: Connection, arrivals: Iterable[Arrival]) -> None:
    connection.execute(_STAGING)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            for one in arrivals:
                variables = orjson.dumps(one.request_variables).decode()
                judged = (one.address, one.identity, one.fault, variables, one.filtered)
                copy.write_row((one.line, one.reference_id, one.target, *judged))
    except psycopg.Error as error:
        raise to_store_error(error) from None
    connection.execute(text("ANALYZE staged"))


_SET_ASIDE = text(f"""
    WITH judged AS (
        SELECT s.ctid AS place, s.line,
               first_value(s.line) OVER (PARTITION BY s.reference_id ORDER BY s.line) AS first,
               r.id IS NOT NULL AS known,
               (r.target, r.request_variables) = (s.target, s.request_variables) AS same
        FROM staged AS s LEFT JOIN communication_request AS r
            ON r.batch = :batch AND r.reference_id = s.reference_id
    ), verdicts AS (
        SELECT place, line, CASE
            WHEN first < line THEN 'reference_id was used on line ' || first
            WHEN known AND NOT same THEN :conflict
            WHEN known THEN '' END AS reason
        FROM judged
    ), aside AS (
        DELETE FROM staged USING verdicts WHERE staged.ctid = place AND reason IS NOT NULL
        RETURNING verdicts.line, reason
    ), remembered AS (
        INSERT INTO set_aside SELECT line, reason FROM aside WHERE reason <> ''
    )
    SELECT count(*) FILTER (WHERE reason = ''), count(*) FILTER (WHERE reason <> ''), (
        SELECT json_agg(json_build_array(line, reason)) FROM (
            SELECT line, reason FROM aside WHERE reason <> '' ORDER BY line LIMIT {REPORTED}
        ) AS named
    )
    FROM aside
""")  # noqa: S608  REPORTED is a constant

STORE_RECIPIENTS = """
    INSERT INTO recipient (channel, identity)
    SELECT DISTINCT :channel, identity FROM staged WHERE identity IS NOT NULL ORDER BY identity
    ON CONFLICT (channel, identity) DO NOTHING
"""
_RECIPIENTS = text(STORE_RECIPIENTS)

# An opt-out that commits after this statement began is caught when the attempt begins.
STORE_REQUESTS = """
    judged AS (
        SELECT s.*, p.id AS recipient, p.suppress_reason,
               p.id IS NOT NULL AND (
                   row_number() OVER (PARTITION BY p.id ORDER BY s.line) > 1
                   OR EXISTS (
                       SELECT FROM communication_request AS r
                       WHERE r.batch = :batch AND r.recipient = p.id AND NOT r.is_duplicate
                           AND r.recipient IS NOT NULL
                   )
               ) AS is_duplicate
        FROM staged AS s LEFT JOIN recipient AS p ON p.channel = :channel AND p.identity = s.identity
    ), arrived AS (
        INSERT INTO communication_request (
            batch, recipient, is_duplicate, reference_id, target, address, request_variables,
            request_status, channel_manager_status, error_code, error_message, moved_by
        )
        SELECT :batch, recipient, is_duplicate, reference_id, target, address, request_variables,
               CASE WHEN address IS NULL THEN 'INVALID' WHEN is_duplicate THEN 'DUPLICATE'
                    WHEN suppress_reason IS NOT NULL OR filtered IS NOT NULL THEN 'SKIPPED'
                    ELSE 'PENDING' END,
               CASE WHEN address IS NULL THEN 'INVALID' WHEN is_duplicate THEN 'DUPLICATE'
                    WHEN suppress_reason IS NOT NULL THEN 'PRIOR_' || upper(suppress_reason)
                    WHEN filtered IS NOT NULL THEN 'FILTERED_LINE_TYPE'
                    ELSE 'PENDING' END,
               CASE WHEN address IS NULL THEN 'invalid_target'
                    WHEN filtered IS NOT NULL AND NOT is_duplicate AND suppress_reason IS NULL
                        THEN 'filtered' END,
               coalesce(fault, CASE WHEN NOT is_duplicate AND suppress_reason IS NULL
                                    THEN filtered END), 'ingest'
        FROM judged ORDER BY line
        RETURNING id, request_status
    ), queued AS (
        INSERT INTO queue (request, batch, due_at)
        SELECT id, :batch, clock_timestamp() FROM arrived WHERE request_status = 'PENDING'
    )
    SELECT request_status, count(*) FROM arrived GROUP BY request_status
"""
"""What is behind WITH; `staged` is a table, or named before it."""
_REQUESTS = text(f"WITH {STORE_REQUESTS}")
