"""How many of a source's last attempts carriers have rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.accounts import source_key
from worker.domain.statuses import Channel


@dataclass(frozen=True, slots=True)
class Rejected:
    """Where an attempt came from that was rejected."""

    channel: Channel
    account: str
    source: str
    batch: int


_OF_POOLS = text("""
    SELECT DISTINCT a.channel, a.account, a.source, a.batch
    FROM attempt AS a
    JOIN communication_batch AS b ON b.id = a.batch JOIN campaign AS c ON c.id = b.campaign_id
    WHERE a.token = ANY (:tokens) AND c.pool <> '[]'
    ORDER BY 1, 2, 3
""")


def of_pools(connection: Connection, tokens: Sequence[UUID]) -> list[Rejected]:
    """Those of these attempts that came from a pool, by source, each batch once."""
    rows = connection.execute(_OF_POOLS, {"tokens": list(tokens)})
    return [Rejected(Channel(row.channel), row.account, row.source, row.batch) for row in rows]


# By the batch's attempts, newest first: the index ends the search, however many the batch has. What was
# rejected before somebody resumed the source is forgiven.
_COUNT = text("""
    SELECT count(*) FILTER (WHERE error_code = ANY (CAST(:codes AS text[]))) FROM (
        SELECT error_code FROM attempt
        WHERE batch = :batch AND source = :source AND account = :account
            AND closed_at IS NOT NULL AND counted
            AND began_at > coalesce(
                (SELECT max(at) FROM audit WHERE subject = :subject AND deed = 'resume'),
                '-infinity')
        ORDER BY began_at DESC LIMIT :last
    ) AS lately
""")


def count(connection: Connection, of: Rejected, codes: Sequence[str], last: int) -> int:
    """Count those with one of the codes among the last outcomes of this source in this batch."""
    values = {"batch": of.batch, "source": of.source, "account": of.account}
    subject = f"source {source_key(of.channel.value, of.account, of.source)}"
    asked = values | {"codes": list(codes), "last": last, "subject": subject}
    found: int = connection.scalars(_COUNT, asked).one()
    return found
