"""Details of a request: its attempts, what its recipient is told by, where it is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.contract.request_details import AttemptEntry, Found

_CAMPAIGN = text("""
    SELECT b.campaign_id FROM attempt AS a JOIN communication_batch AS b ON b.id = a.batch
    WHERE a.id = :attempt
""")


def campaign_of_attempt(connection: Connection, attempt: int) -> int | None:
    """The id of the campaign that an attempt is of; None where there is none."""
    found: int | None = connection.scalar(_CAMPAIGN, {"attempt": attempt})
    return found


_ATTEMPTS = text("""
    SELECT a.id, a.attempt_number, a.state, a.counted, a.late, a.source, a.sid, a.error_code,
        a.began_at, a.accepted_at, a.closed_at, a.campaign_version
    FROM attempt AS a JOIN communication_request AS r ON r.id = a.request
    JOIN communication_batch AS b ON b.id = r.batch
    WHERE b.batch_id = :batch_id AND r.reference_id = :reference_id ORDER BY a.attempt_number
""")


def attempts_of(
    connection: Connection, batch_id: str, reference_id: str
) -> tuple[AttemptEntry, ...]:
    """Every attempt of a request, the first one first."""
    rows = connection.execute(_ATTEMPTS, {"batch_id": batch_id, "reference_id": reference_id})
    return tuple(AttemptEntry(*row) for row in rows)


_RECIPIENT = text("""
    SELECT p.suppressed_at, p.suppress_reason, EXISTS (
        SELECT FROM attempt AS a WHERE a.recipient = p.id
            AND a.state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED') AND a.request <> r.id AND NOT a.late
    )
    FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
    JOIN recipient AS p ON p.id = r.recipient
    WHERE b.batch_id = :batch_id AND r.reference_id = :reference_id
""")


def recipient_of(
    connection: Connection, batch_id: str, reference_id: str
) -> tuple[datetime | None, str | None, bool] | None:
    """Since when and why its recipient is suppressed, and whether another request is under way to them."""
    found = connection.execute(_RECIPIENT, {"batch_id": batch_id, "reference_id": reference_id})
    row = found.first()
    return None if row is None else (row[0], row[1], row[2])


_RESTING = text("""
    SELECT k.source, h.reason, h.halted_at
    FROM communication_request AS r
    JOIN communication_batch AS b ON b.id = r.batch JOIN campaign AS c ON c.id = b.campaign_id
    JOIN kept_source AS k ON k.recipient = r.recipient AND k.campaign = c.id
    JOIN halt AS h ON h.scope = 'source' AND h.key = c.mode || '@' || c.account || ':' || k.source
    WHERE b.batch_id = :batch_id AND r.reference_id = :reference_id
""")


def resting_source_of(
    connection: Connection, batch_id: str, reference_id: str
) -> tuple[str, str, datetime] | None:
    """The source that its recipient has, why and since when it rests; None: it does not."""
    asked = {"batch_id": batch_id, "reference_id": reference_id}
    row = connection.execute(_RESTING, asked).first()
    return None if row is None else (row[0], row[1], row[2])


_SOURCE = text("""
    SELECT coalesce(k.source, c.source) FROM communication_request AS r
    JOIN communication_batch AS b ON b.id = r.batch JOIN campaign AS c ON c.id = b.campaign_id
    LEFT JOIN kept_source AS k
        ON k.recipient = r.recipient AND k.campaign = c.id AND c.pool <> '[]'
    WHERE b.batch_id = :batch_id AND r.reference_id = :reference_id
""")


def source_of(connection: Connection, batch_id: str, reference_id: str) -> str:
    """What it is sent from: its recipient's own, or what stands for its campaign."""
    asked = {"batch_id": batch_id, "reference_id": reference_id}
    found: str | None = connection.scalar(_SOURCE, asked)
    return found or ""


_FOUND = """
    SELECT b.batch_id, r.reference_id, b.campaign_id, r.request_status, r.channel_manager_status,
        r.attempt_count, r.created_at, r.sent_at
"""

_BY_REFERENCE = text(f"""
    {_FOUND} FROM communication_batch AS b
    JOIN communication_request AS r ON r.batch = b.id AND r.reference_id = :reference_id
    WHERE CAST(:campaign AS bigint) IS NULL OR b.campaign_id = :campaign
    ORDER BY r.id DESC LIMIT :limit
""")


def by_reference(
    connection: Connection, reference_id: str, campaign: int | None, limit: int
) -> list[Found]:
    """Requests of all batches with this reference, the latest first."""
    asked = {"reference_id": reference_id, "campaign": campaign, "limit": limit}
    return [Found(*row) for row in connection.execute(_BY_REFERENCE, asked)]


_BY_IDENTITY = text(f"""
    {_FOUND} FROM recipient AS p JOIN communication_request AS r ON r.recipient = p.id
    JOIN communication_batch AS b ON b.id = r.batch
    WHERE p.identity = ANY (:identities)
        AND (CAST(:campaign AS bigint) IS NULL OR b.campaign_id = :campaign)
    ORDER BY r.id DESC LIMIT :limit
""")


def by_identity(
    connection: Connection, identities: Sequence[str], campaign: int | None, limit: int
) -> list[Found]:
    """Requests of all batches for whoever has one of these identities, on any channel, the latest first."""
    asked = {"identities": list(identities), "campaign": campaign, "limit": limit}
    return [Found(*row) for row in connection.execute(_BY_IDENTITY, asked)]
