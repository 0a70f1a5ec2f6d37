"""Who must not be contacted on a channel. Each statement locks the recipient, as begin does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.statuses import Mode, SuppressReason
from worker.domain.suppression import OPT_OUTS, PHONE, SuppressScope, reach, sharing

# How an engine carries the setting to whoever writes a suppression.
SCOPE = "suppress_scope"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Somebody who must not be contacted on a channel. Carries their identity."""

    mode: Mode
    address: str
    suppressed_at: datetime
    suppress_reason: SuppressReason
    suppress_source: str


# In ascending order, as everybody locks recipients; before the clock is read, which begin compares.
_LOCK = text("""
    SELECT FROM recipient WHERE channel = ANY (:channels) AND identity = ANY (:identities)
    ORDER BY id FOR NO KEY UPDATE
""")

# Whoever is new is locked by the conflict: begin waits for this one. One moment for all of them, so
# that what one opt-out wrote on two channels is known as one. It takes the place of what only said that
# nothing can be delivered: lifting that must not lift what somebody asked for.
_SUPPRESS = text("""
    INSERT INTO recipient (channel, identity, suppressed_at, suppress_reason, suppress_source)
    SELECT channel, identity, at, :reason, :source
    FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS at) AS now,
        unnest(CAST(:identities AS text[])) AS i (identity),
        unnest(CAST(:channels AS text[])) AS c (channel)
    GROUP BY channel, identity, at ORDER BY channel, identity
    ON CONFLICT (channel, identity) DO UPDATE
    SET suppressed_at = excluded.suppressed_at, suppress_reason = excluded.suppress_reason,
        suppress_source = excluded.suppress_source
    WHERE recipient.suppressed_at IS NULL OR (
        excluded.suppress_reason = ANY (:opt_outs)
        AND NOT recipient.suppress_reason = ANY (:opt_outs)
    )
""")


def suppress(
    connection: Connection, channel: Mode, identity: str, reason: SuppressReason, source: str
) -> None:
    """Suppress a recipient; one that is stays as it was first, but for an opt-out after a bounce."""
    suppress_all(connection, channel, [identity], reason, source)


def suppress_all(
    connection: Connection,
    channel: Mode,
    identities: Sequence[str],
    reason: SuppressReason,
    source: str,
) -> None:
    """The same for many; an opt-out counts as far as the engine's `suppress_scope` says."""
    whom = {
        "channels": list(reach(channel, reason, _scope(connection))),
        "identities": list(identities),
    }
    connection.execute(_LOCK, whom)
    how = {"reason": reason, "source": source, "opt_outs": sorted(OPT_OUTS)}
    connection.execute(_SUPPRESS, whom | how)


_LOCK_OF_ATTEMPTS = text("""
    WITH told AS (
        SELECT id, channel, identity FROM recipient
        WHERE id IN (SELECT recipient FROM attempt WHERE id = ANY (:attempts))
    )
    SELECT FROM recipient WHERE id IN (
        SELECT id FROM told
        UNION ALL
        SELECT other.id FROM told JOIN recipient AS other USING (identity)
        WHERE told.channel = ANY (:sharing) AND other.channel = ANY (:sharing)
    )
    ORDER BY id FOR NO KEY UPDATE
""")


def lock_recipients_of(connection: Connection, attempts: Sequence[int]) -> None:
    """Lock whoever a report of one of these attempts may suppress."""
    sharing = PHONE if _scope(connection) is SuppressScope.ALL else ()
    connection.execute(_LOCK_OF_ATTEMPTS, {"attempts": list(attempts), "sharing": list(sharing)})


_IDENTITIES = text("""
    SELECT p.channel, p.identity FROM attempt AS a JOIN recipient AS p ON p.id = a.recipient
    WHERE a.id = ANY (:attempts)
""")


def suppress_recipients_of(
    connection: Connection, attempts: Sequence[int], reason: SuppressReason, source: str
) -> None:
    """Suppress whom these attempts were to; `lock_recipients_of` came first."""
    rows = connection.execute(_IDENTITIES, {"attempts": list(attempts)}).all()
    for mode in Mode:
        if identities := [row.identity for row in rows if row.channel == mode]:
            suppress_all(connection, mode, identities, reason, source)


_NEWEST = text("""
    SELECT channel, identity, suppressed_at, suppress_reason, suppress_source FROM recipient
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
    SELECT channel, suppressed_at FROM recipient
    WHERE channel = ANY (:channels) AND identity = :identity
    ORDER BY id FOR NO KEY UPDATE
""")


def since(connection: Connection, channel: Mode, identity: str) -> datetime | None:
    """Since when the recipient is suppressed; None when it is not.

    Held until the transaction ends, on every channel that lifting may touch.
    """
    channels = list(sharing(channel, _scope(connection)))
    rows = connection.execute(_SINCE, {"channels": channels, "identity": identity})
    moments: dict[str, datetime | None] = {row.channel: row.suppressed_at for row in rows}
    return moments.get(channel)


_LIFT = text("""
    UPDATE recipient AS p
    SET suppressed_at = NULL, suppress_reason = NULL, suppress_source = NULL
    FROM recipient AS named
    WHERE named.channel = :channel AND named.identity = :identity
        AND p.identity = named.identity AND p.channel = ANY (:channels)
        AND p.suppressed_at = named.suppressed_at
""")


def lift(connection: Connection, channel: Mode, identity: str) -> None:
    """Let the recipient be contacted again; on the other channel too, where it was the same opt-out."""
    channels = list(sharing(channel, _scope(connection)))
    connection.execute(_LIFT, {"channel": channel, "channels": channels, "identity": identity})


def _scope(connection: Connection) -> SuppressScope:
    chosen: SuppressScope = connection.get_execution_options().get(SCOPE, SuppressScope.CHANNEL)
    return chosen
