"""The health of accounts: counts of their answers in a sliding window, and the share that each is given.

In the database and not beside the limits, because a switch and its row of the audit are one deed, all workers
judge by the answers of all, and an account that is down stays down over a restart of whatever keeps limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from worker.domain.audit import Deed
from worker.domain.schedule.account_health import Answers, Health, Switch
from worker.domain.statuses import Channel
from worker.store import audit, tallies

OURSELVES = "outreach"
SWITCHED = "account_switch:"
"""How the names of the tallies of switches begin: account, channel and `up` or `down` follow."""


@dataclass(frozen=True, slots=True)
class AccountShare:
    """An account that is, or was, given less than all. `share`: of a hundred."""

    account: str
    channel: Channel
    health: Health
    why: str


# Spread over rows, so that workers rarely wait for one another; summed when they are read.
_COUNT = text("""
    INSERT INTO account_answers (account, channel, second, slot, asked, failed, slow)
    VALUES (:account, :channel, date_trunc('second', clock_timestamp()), mod(pg_backend_pid(), 8),
            :asked, :failed, :slow)
    ON CONFLICT (account, channel, second, slot) DO UPDATE
    SET asked = account_answers.asked + excluded.asked,
        failed = account_answers.failed + excluded.failed,
        slow = account_answers.slow + excluded.slow
""")

# Seconds that began before the last switch are of the time before it.
_READ = text("""
    SELECT coalesce(h.share, 100) AS share, coalesce(h.falls, 0) AS falls,
           coalesce(extract(epoch FROM clock_timestamp() - h.since), 0)::float8 AS age,
           coalesce(sum(a.asked), 0)::int AS asked, coalesce(sum(a.failed), 0)::int AS failed,
           coalesce(sum(a.slow), 0)::int AS slow
    FROM (VALUES (CAST(:account AS text), CAST(:channel AS text))) AS of (account, channel)
    LEFT JOIN account_health AS h USING (account, channel)
    LEFT JOIN account_answers AS a
        ON (a.account, a.channel) = (of.account, of.channel)
        AND a.second >= greatest(clock_timestamp() - CAST(:window AS interval), h.since)
    GROUP BY h.share, h.falls, h.since
""")


def count(connection: Connection, account: str, channel: Channel, answers: Answers) -> None:
    """Add answers of this second."""
    told = {"asked": answers.asked, "failed": answers.failed, "slow": answers.slow}
    connection.execute(_COUNT, {"account": account, "channel": channel, **told})


def read(
    connection: Connection, account: str, channel: Channel, window: timedelta
) -> tuple[Health, Answers]:
    """Read what it is given, and how it answered in the last `window`, or since that changed."""
    told = {"account": account, "channel": channel.value, "window": window}
    row = connection.execute(_READ, told).one()
    health = Health(row.share, timedelta(seconds=row.age), row.falls)
    return health, Answers(row.asked, row.failed, row.slow)


# It names the share that was judged: whoever lost a race switches nothing.
_SWITCH = text("""
    INSERT INTO account_health AS h (account, channel, share, falls, why)
    SELECT CAST(:account AS text), CAST(:channel AS text), :share, :falls, :why
    WHERE :was = 100 OR EXISTS (
        SELECT FROM account_health WHERE (account, channel) = (:account, :channel))
    ON CONFLICT (account, channel) DO UPDATE
    SET share = excluded.share, falls = excluded.falls, why = excluded.why,
        since = clock_timestamp()
    WHERE h.share = :was
    RETURNING share
""")


def switch(connection: Connection, account: str, channel: Channel, was: Health, to: Switch) -> bool:
    """Give it another share, as a deed of the system's. Returns whether nobody else has done so first."""
    named = {"account": account, "channel": channel.value}
    told = named | {"share": to.share, "falls": to.falls, "why": to.why, "was": was.share}
    if connection.execute(_SWITCH, told).first() is None:
        return False
    audit.note(
        connection,
        Deed.SWITCH,
        f"account {account} {channel.value}",
        OURSELVES,
        why=to.why,
        detail={"share_before": was.share, "share": to.share},
    )
    way = "down" if to.share < was.share else "up"
    tallies.add(connection, {f"{SWITCHED}{account}:{channel.value}:{way}": 1})
    return True


_SHARES = text("""
    SELECT account, channel, share, falls, why,
           extract(epoch FROM clock_timestamp() - since)::float8 AS age
    FROM account_health ORDER BY account, channel
""")


def shares(connection: Connection) -> Sequence[AccountShare]:
    """Every account that was ever given less than all, with what it is given now."""
    return [
        AccountShare(
            row.account,
            Channel(row.channel),
            Health(row.share, timedelta(seconds=row.age), row.falls),
            row.why,
        )
        for row in connection.execute(_SHARES)
    ]


_FORGET = text("""
    DELETE FROM account_answers WHERE second < clock_timestamp() - CAST(:window AS interval)
""")


def forget(connection: Connection, window: timedelta) -> None:
    """Delete what has left the window."""
    connection.execute(_FORGET, {"window": window})
