"""Suppressions: a row per act, and on the recipient what is in force of them, for begin.

Whoever writes one locks the recipients first, as begin does, and writes both in one statement.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from worker.domain.consent.suppression import OPT_OUTS, PHONE, Act, SuppressScope, reach
from worker.domain.statuses import Channel, SuppressReason

# How an engine carries the setting to whoever writes a suppression.
SCOPE = "suppress_scope"

# In ascending order, as everybody locks recipients; before the clock is read, which begin compares.
_LOCK = text("""
    SELECT id FROM recipient WHERE channel = ANY (:channels) AND identity = ANY (:identities)
    ORDER BY id FOR NO KEY UPDATE
""")

_KNOW = text("""
    INSERT INTO recipient (channel, identity)
    SELECT channel, identity FROM unnest(CAST(:identities AS text[])) AS i (identity),
        unnest(CAST(:channels AS text[])) AS c (channel)
    GROUP BY channel, identity ORDER BY channel, identity
    ON CONFLICT (channel, identity) DO NOTHING
""")


def lock(connection: Connection, channels: Sequence[Channel], identities: Sequence[str]) -> None:
    """Lock them on these channels until the transaction ends; whoever is new is known from now on."""
    whom = {"channels": list(channels), "identities": list(identities)}
    known = connection.execute(_LOCK, whom).all()
    if len(known) < len(channels) * len(set(identities)):
        connection.execute(_KNOW, whom)
        connection.execute(_LOCK, whom)


# An act that was heard before has no effect, also where it was lifted since. What says that nothing can
# be delivered gives way to an opt-out: its reason is the one to be told.
_SUPPRESS = text("""
    WITH now AS MATERIALIZED (SELECT clock_timestamp() AS at), heard AS (
        INSERT INTO suppression (identity, channels, reason, source, act, by, at)
        SELECT v.identity, :channels, :reason, v.source, v.act, v.by, now.at
        FROM now, unnest(
            CAST(:identities AS text[]), CAST(:sources AS text[]), CAST(:acts AS text[]),
            CAST(:by AS text[])
        ) AS v (identity, source, act, by)
        WHERE NOT (:once AND EXISTS (
            SELECT FROM suppression AS s WHERE s.identity = v.identity AND s.source = v.source
                AND s.lifted_at IS NULL AND s.channels @> CAST(:channels AS text[])
        ))
        ON CONFLICT (identity, source, act) DO NOTHING
        RETURNING identity, at
    ), told AS (
        UPDATE recipient AS p SET suppressed_at = h.at, suppress_reason = :reason
        FROM heard AS h
        WHERE p.identity = h.identity AND p.identity = ANY (:identities)
            AND p.channel = ANY (:channels) AND (p.suppressed_at IS NULL OR (
                :reason = ANY (:opt_outs) AND NOT p.suppress_reason = ANY (:opt_outs)
            ))
    )
    SELECT count(*) FROM heard
""")


# Of a list's portions the server would keep a plan after some ten, for arrays of any length: 5,000 people
# were then looked for one by one among all who are known, ten times as long as before.
_PLAN_EACH = text("SET LOCAL plan_cache_mode = force_custom_plan")


def suppress(
    connection: Connection, channel: Channel, identity: str, reason: SuppressReason, act: Act
) -> None:
    """Suppress a recipient by one act, beside whatever other acts stand."""
    suppress_all(connection, channel, [(identity, act)], reason)


def suppress_all(
    connection: Connection,
    channel: Channel,
    acts: Sequence[tuple[str, Act]],
    reason: SuppressReason,
    *,
    once: bool = False,
) -> int:
    """The same for many identities; an opt-out counts as far as the engine's `suppress_scope` says.

    `once` passes over whom the same source keeps from being contacted already: a list that comes again.

    Returns:
        how many of the acts are new.
    """
    channels = reach(channel, reason, scope_of(connection))
    identities = [identity for identity, _ in acts]
    if once:
        connection.execute(_PLAN_EACH)
    lock(connection, channels, identities)
    told = {
        "channels": list(channels),
        "reason": reason,
        "once": once,
        "opt_outs": sorted(OPT_OUTS),
        "identities": identities,
        "sources": [act.source for _, act in acts],
        "acts": [act.id for _, act in acts],
        "by": [act.by for _, act in acts],
    }
    heard: int = connection.execute(_SUPPRESS, told).scalar_one()
    return heard


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
    sharing = PHONE if scope_of(connection) is SuppressScope.ALL else ()
    connection.execute(_LOCK_OF_ATTEMPTS, {"attempts": list(attempts), "sharing": list(sharing)})


_IDENTITIES = text("""
    SELECT a.id, p.channel, p.identity FROM attempt AS a JOIN recipient AS p ON p.id = a.recipient
    WHERE a.id = ANY (:attempts)
""")


def suppress_recipients_of(
    connection: Connection, acts: Mapping[int, Act], reason: SuppressReason
) -> None:
    """Suppress whom these attempts were to, by what was said of each; `lock_recipients_of` came first."""
    rows = connection.execute(_IDENTITIES, {"attempts": list(acts)}).all()
    for channel in Channel:
        if told := [(row.identity, acts[row.id]) for row in rows if row.channel == channel]:
            suppress_all(connection, channel, told, reason)


def scope_of(connection: Connection) -> SuppressScope:
    """Return what an opt-out means to the engine of this connection."""
    chosen: SuppressScope = connection.get_execution_options().get(SCOPE, SuppressScope.CHANNEL)
    return chosen
