"""Who must not be contacted on a channel. Each statement locks the recipient, as begin does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.statuses import Mode, SuppressReason


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Somebody who must not be contacted on a channel. Carries the address."""

    mode: Mode
    address: str
    suppressed_at: datetime
    suppress_reason: SuppressReason
    suppress_source: str


# In ascending order, as everybody locks recipients. The conflicting row is locked also when the
# WHERE leaves it as it is: begin waits for this one.
_SUPPRESS = text("""
    INSERT INTO recipient (channel, address, suppressed_at, suppress_reason, suppress_source)
    SELECT :channel, address, date_trunc('milliseconds', clock_timestamp()), :reason, :source
    FROM unnest(CAST(:addresses AS text[])) AS a (address) GROUP BY address ORDER BY address
    ON CONFLICT (channel, address) DO UPDATE
    SET suppressed_at = excluded.suppressed_at, suppress_reason = excluded.suppress_reason,
        suppress_source = excluded.suppress_source
    WHERE recipient.suppressed_at IS NULL
""")


def suppress(
    connection: Connection, channel: Mode, address: str, reason: SuppressReason, source: str
) -> None:
    """Suppress a recipient; one that is suppressed stays as it was first."""
    suppress_all(connection, channel, [address], reason, source)


def suppress_all(
    connection: Connection,
    channel: Mode,
    addresses: Sequence[str],
    reason: SuppressReason,
    source: str,
) -> None:
    """The same for many."""
    values = {"channel": channel, "addresses": addresses, "reason": reason, "source": source}
    connection.execute(_SUPPRESS, values)


_NEWEST = text("""
    SELECT channel, address, suppressed_at, suppress_reason, suppress_source FROM recipient
    WHERE suppressed_at IS NOT NULL AND (CAST(:mode AS text) IS NULL OR channel = :mode)
    ORDER BY suppressed_at DESC, id DESC LIMIT :limit
""")


def newest(connection: Connection, mode: Mode | None, limit: int) -> list[Suppressed]:
    """Who is suppressed, the latest first."""
    rows = connection.execute(_NEWEST, {"mode": mode, "limit": limit})
    return [
        Suppressed(Mode(row[0]), row[1], row[2], SuppressReason(row[3]), row[4]) for row in rows
    ]


_SINCE = text("""
    SELECT suppressed_at FROM recipient WHERE channel = :channel AND address = :address
    FOR NO KEY UPDATE
""")


def since(connection: Connection, channel: Mode, address: str) -> datetime | None:
    """Since when the recipient is suppressed, held until the transaction ends; None when it is not."""
    at: datetime | None = connection.scalar(_SINCE, {"channel": channel, "address": address})
    return at


_LIFT = text("""
    UPDATE recipient SET suppressed_at = NULL, suppress_reason = NULL, suppress_source = NULL
    WHERE channel = :channel AND address = :address
""")


def lift(connection: Connection, channel: Mode, address: str) -> None:
    """Let the recipient be contacted again."""
    connection.execute(_LIFT, {"channel": channel, "address": address})
