"""Halts: what must not send at the moment, everything, a channel, or a campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Text, bindparam, text

from worker.domain.accounts import MAIN, source_key, split_source_key
from worker.domain.audit import Deed
from worker.domain.database_identity import UNRECOGNIZED_REASON
from worker.domain.errors import DatabaseNotAccepted
from worker.domain.evidence.reports import Report
from worker.domain.wire import Wire, to_wire
from worker.store import audit, kept_sources
from worker.store.listed_accounts import all_halted, listed

Scope = Literal["all", "channel", "campaign", "source"]

# begin_attempts holds this lock shared: once a halt has committed, nothing more begins.
HALT_LOCK = 7_230_002
OURSELVES = "outreach"
"""Who resumes a channel whose provider answers again."""


@dataclass(frozen=True, slots=True)
class HaltRow:
    """One halt in force.

    `key`: empty for all, the channel or the campaign's id; of one account, `channel@account` or
    `id@account`; of one of its sources, `channel@account:source`.
    """

    scope: Scope
    key: str
    reason: str
    halted_at: datetime
    halted_by: str

    def to_wire(self) -> dict[str, Wire]:
        """HaltRow under its names on the wire."""
        return {name: to_wire(getattr(self, name)) for name in self.__slots__}


PROVIDER = "provider"
"""Who halted a channel whose provider refuses us."""

# Of a row `h`: it waits for somebody to accept the database. What was accepted before says nothing.
_AWAITS = """(position(:stranger IN h.reason) > 0 AND NOT EXISTS (SELECT FROM audit AS a
    WHERE (a.subject, a.deed) = ('database', 'adopt') AND a.at >= h.halted_at))"""

# Only a person is named by a mailbox, and stays named. A strange database is told whoever halted before:
# else whoever lifts that halt would let it send.
_HALT = text(f"""
    INSERT INTO halt AS h (scope, key, reason, halted_by) VALUES (:scope, :key, :reason, :by)
    ON CONFLICT (scope, key) DO UPDATE
    SET reason = excluded.reason || ' (before: ' || h.reason || ')', halted_at = excluded.halted_at,
        halted_by = CASE WHEN h.halted_by LIKE '%@%' THEN h.halted_by ELSE excluded.halted_by END
    WHERE (h.halted_by NOT LIKE '%@%' AND (excluded.halted_by LIKE '%@%'
            OR (h.halted_by = :provider AND excluded.halted_by <> :provider)))
        OR (position(:stranger IN excluded.reason) > 0 AND NOT {_AWAITS})
    RETURNING scope
""")  # noqa: S608  _AWAITS is a constant


def halt(connection: Connection, scope: Scope, key: str, reason: str, by: str) -> bool:
    """Let nothing more begin in this scope.

    Where it is halted already, the one that more is needed to lift goes on: a person's rather than the
    system's own, and any rather than what the probe may lift. It keeps the other's reason behind its own.
    That the database is a strange one is added to whatever halts already.

    Returns:
        whether that is another halt than before.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": HALT_LOCK})
    told = {"scope": scope, "key": key, "reason": reason, "by": by, "provider": PROVIDER}
    row = connection.execute(_HALT, told | {"stranger": UNRECOGNIZED_REASON})
    fresh = row.first() is not None
    if fresh:
        audit.note(connection, Deed.HALT, _subject(scope, key), by, why=reason)
    return fresh


def _subject(scope: Scope, key: str) -> str:
    return f"{scope} {key}".rstrip()


_CAMPAIGNS = text("""
    SELECT v.key, b.campaign_id, a.account, a.source, c.pool <> '[]' AS pooled
    FROM unnest(CAST(:tokens AS uuid[]), CAST(:keys AS text[]), CAST(:providers AS text[]))
        AS v (token, key, provider)
    JOIN attempt AS a ON a.token = v.token AND a.channel = v.provider
    JOIN communication_batch AS b ON b.id = a.batch JOIN campaign AS c ON c.id = b.campaign_id
    WHERE NOT EXISTS (SELECT FROM inbox AS i WHERE i.provider = v.provider AND i.key = v.key)
""")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose attempt a report speaks of: the campaign's, by an account of the provider."""

    campaign: int
    account: str
    source: str = ""
    pooled: bool = False
    """Whether the campaign has other sources."""


def origins_of(connection: Connection, reports: Sequence[Report]) -> dict[str, Origin]:
    """By the key of a report that was not heard before: where the attempt comes from that it speaks of."""
    rows = connection.execute(
        _CAMPAIGNS,
        {
            "tokens": [one.token for one in reports],
            "keys": [one.key for one in reports],
            "providers": [one.channel.value for one in reports],
        },
    )
    return {row.key: Origin(row.campaign_id, row.account, row.source, row.pooled) for row in rows}


_AWAITS_ACCEPTANCE = text(f"""
    SELECT EXISTS (SELECT FROM halt AS h WHERE (scope, key) = (:scope, :key) AND {_AWAITS})
""")  # noqa: S608  _AWAITS is a constant


def resume(
    connection: Connection, scope: Scope, key: str, by: str = OURSELVES, why: str | None = None
) -> bool:
    """Lift a halt. Returns whether there was one.

    Raises:
        DatabaseNotAccepted: nobody has said yet that the database is the right one.
    """
    told = {"scope": scope, "key": key, "stranger": UNRECOGNIZED_REASON}
    if connection.scalar(_AWAITS_ACCEPTANCE, told):
        raise DatabaseNotAccepted
    row = connection.execute(
        text("DELETE FROM halt WHERE scope = :scope AND key = :key RETURNING halted_at"),
        {"scope": scope, "key": key},
    )
    halted_at: datetime | None = row.scalar()
    lifted = halted_at is not None
    if scope == "source" and halted_at is not None:
        kept_sources.wake(connection, *split_source_key(key), halted_at)
    if lifted:
        audit.note(connection, Deed.RESUME, _subject(scope, key), by, why=why)
    return lifted


def find_refused_channels(connection: Connection, since: timedelta) -> list[str]:
    """Keys of channels, or of one account's, that a provider's refusal has halted for at least this long."""
    rows = connection.execute(
        text("""
            SELECT key FROM halt WHERE scope = 'channel' AND halted_by = :by
                AND halted_at <= clock_timestamp() - :since ORDER BY key
        """),
        {"by": PROVIDER, "since": since},
    )
    return list(rows.scalars())


_RESTING = text("""
    SELECT v.source, h.halted_at + CAST(:rest AS interval) AS moves_at,
           h.halted_at + CAST(:rest AS interval) <= clock_timestamp() AS is_over
    FROM unnest(CAST(:sources AS text[]), CAST(:keys AS text[])) AS v (source, key)
    JOIN halt AS h ON h.scope = 'source' AND h.key = v.key
""")


@dataclass(frozen=True, slots=True)
class Resting:
    """A source that takes nobody new, and until when those who have it wait."""

    moves_at: datetime
    is_over: bool
    """Whether that moment has passed: they are moved to another one."""


def resting(
    connection: Connection, channel: str, account: str, sources: Sequence[str], rest: timedelta
) -> dict[str, Resting]:
    """Those of an account's sources that rest."""
    keys = [source_key(channel, account, source) for source in sources]
    rows = connection.execute(_RESTING, {"sources": list(sources), "keys": keys, "rest": rest})
    return {row.source: Resting(row.moves_at, row.is_over) for row in rows}


# A bare channel is that of all accounts: so it is told where there is one account only.
_KEY = text("""
    SELECT CASE WHEN :account = :main AND NOT EXISTS (
            SELECT FROM campaign
            WHERE (account <> :main OR accounts <> '{}') AND deleted_at IS NULL)
        THEN :channel ELSE :channel || '@' || :account END
""").bindparams(*(bindparam(name, type_=Text) for name in ("account", "main", "channel")))


def key_of(connection: Connection, channel: str, account: str) -> str:
    """The key of a halt of what this account carries on the channel; other accounts go on."""
    told = {"channel": channel, "account": account, "main": MAIN}
    key: str = connection.scalars(_KEY, told).one()
    return key


# Of a campaign that lists several accounts, one of which sends: what its words or its sender are refused by
# one says nothing of the others.
_CAMPAIGN_KEY = text("""
    SELECT id::text || CASE WHEN cardinality(accounts) > 1 THEN '@' || CAST(:account AS text) ELSE '' END
    FROM campaign WHERE id = :campaign
""")


def campaign_key_of(connection: Connection, campaign: int, account: str) -> str:
    """The key of a halt of what this account sends for the campaign; others of its list go on."""
    told = {"campaign": campaign, "account": account}
    key: str | None = connection.scalar(_CAMPAIGN_KEY, told)
    return key or str(campaign)


_OVER = text(f"""
    SELECT scope, key, reason, halted_at, halted_by FROM halt
    WHERE (scope, key) IN (('all', ''), ('channel', :channel), ('campaign', :campaign))
        OR ({all_halted("CAST(:campaign AS bigint)")} AND (scope, key) IN (
            SELECT 'channel', :channel || '@' || way FROM campaign AS c, unnest({listed("c")}) AS way
            WHERE c.id = CAST(:campaign AS bigint)
            UNION ALL
            SELECT 'campaign', :campaign || '@' || way FROM campaign AS c, unnest({listed("c")}) AS way
            WHERE c.id = CAST(:campaign AS bigint)))
    ORDER BY halted_at
""").bindparams(  # noqa: S608  both are constants
    *(bindparam(name, type_=Text) for name in ("channel", "campaign"))
)


def over(connection: Connection, channel: str, campaign: int) -> Sequence[HaltRow]:
    """The halts that keep the campaign from sending, oldest first."""
    return [
        HaltRow(*row)
        for row in connection.execute(_OVER, {"channel": channel, "campaign": str(campaign)})
    ]


def in_force(connection: Connection) -> Sequence[HaltRow]:
    """Every halt in force, oldest first."""
    rows = connection.execute(
        text("SELECT scope, key, reason, halted_at, halted_by FROM halt ORDER BY halted_at")
    )
    return [HaltRow(*row) for row in rows]
