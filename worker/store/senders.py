"""Whom the campaigns speak as, and by which account: what somebody asks who only looks after them."""

from collections.abc import Sequence

from sqlalchemy import Connection, case, func, select, true
from sqlalchemy.dialects.postgresql import array

from worker.domain.statuses import Channel
from worker.store.schema import campaign

# Each account that a campaign lists: one that lists none has its account alone.
_LISTED = select(
    func.unnest(
        case((campaign.c.accounts == [], array([campaign.c.account])), else_=campaign.c.accounts)
    ).label("account")
).correlate(campaign)


def read(
    connection: Connection, channels: Sequence[Channel], most: int, account: str | None = None
) -> list[tuple[Channel, str]]:
    """Return whom the campaigns of these channels speak as, the newest campaigns' first; by one account."""
    listed = _LISTED.lateral("listed")
    source = func.coalesce(campaign.c.account_sources[listed.c.account].astext, campaign.c.source)
    by_it = true() if account is None else listed.c.account == account
    query = (
        select(campaign.c.mode, source)
        .join(listed, true())
        .where(campaign.c.mode.in_(channels), campaign.c.deleted_at.is_(None), by_it)
        .group_by(campaign.c.mode, source)
        .order_by(func.max(campaign.c.id).desc())
        .limit(most)
    )
    return [(Channel(channel), source) for channel, source in connection.execute(query)]


def accounts_named(connection: Connection) -> list[tuple[str, Channel]]:
    """The accounts that campaigns name, with the channel they are to carry."""
    listed = _LISTED.lateral("listed")
    query = (
        select(listed.c.account, campaign.c.mode)
        .join(listed, true())
        .where(campaign.c.deleted_at.is_(None))
        .distinct()
        .order_by(listed.c.account, campaign.c.mode)
    )
    return [(account, Channel(channel)) for account, channel in connection.execute(query)]
