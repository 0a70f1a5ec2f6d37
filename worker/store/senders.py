"""Whom the campaigns speak as, and by which account: what somebody asks who only looks after them."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, true

from worker.domain.statuses import Channel
from worker.store.schema import campaign


def read(
    connection: Connection, channels: Sequence[Channel], most: int, account: str | None = None
) -> list[tuple[Channel, str]]:
    """Return whom the campaigns of these channels speak as, the newest campaigns' first; by one account."""
    by_it = true() if account is None else campaign.c.account == account
    query = (
        select(campaign.c.mode, campaign.c.source)
        .where(campaign.c.mode.in_(channels), campaign.c.deleted_at.is_(None), by_it)
        .group_by(campaign.c.mode, campaign.c.source)
        .order_by(func.max(campaign.c.id).desc())
        .limit(most)
    )
    return [(Channel(channel), source) for channel, source in connection.execute(query)]


def accounts_named(connection: Connection) -> list[tuple[str, Channel]]:
    """The accounts that campaigns name, with the channel they are to carry."""
    query = (
        select(campaign.c.account, campaign.c.mode)
        .where(campaign.c.deleted_at.is_(None))
        .distinct()
        .order_by(campaign.c.account, campaign.c.mode)
    )
    return [(account, Channel(channel)) for account, channel in connection.execute(query)]
