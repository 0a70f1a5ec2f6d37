"""Who must not be contacted on a channel. Each statement locks the recipient, as begin does."""

from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.statuses import Mode, SuppressReason

# The conflicting row is locked also when the WHERE leaves it as it is: begin waits for this one.
_SUPPRESS = text("""
    INSERT INTO recipient (channel, address, suppressed_at, suppress_reason, suppress_source)
    VALUES (:channel, :address, date_trunc('milliseconds', clock_timestamp()), :reason, :source)
    ON CONFLICT (channel, address) DO UPDATE
    SET suppressed_at = excluded.suppressed_at, suppress_reason = excluded.suppress_reason,
        suppress_source = excluded.suppress_source
    WHERE recipient.suppressed_at IS NULL
""")


def suppress(
    connection: Connection, channel: Mode, address: str, reason: SuppressReason, source: str
) -> None:
    """Suppress a recipient; one that is suppressed stays as it was first."""
    values = {"channel": channel, "address": address, "reason": reason, "source": source}
    connection.execute(_SUPPRESS, values)


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
