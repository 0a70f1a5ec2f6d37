"""The limit on calls under way at once, over all workers: what a scan may claim of them.

The limit itself is held by `begin_attempts`, which counts anew when its turn has come.
"""

from sqlalchemy import Connection, text

from worker.domain.statuses import Channel

_UNDER_WAY = text("SELECT calls_under_way()")


def free(connection: Connection, channel: Channel, limit: int) -> int | None:
    """Count the calls that may still begin; None where nothing limits them.

    Args:
        connection: in a transaction.
        channel: only calls are limited.
        limit: how many may be under way at once; 0: any number.
    """
    if limit <= 0 or channel is not Channel.VOICE:
        return None
    under_way = connection.scalar(_UNDER_WAY)
    assert isinstance(under_way, int)
    return max(0, limit - under_way)


def room(connection: Connection, channel: Channel, limit: int, wanted: int) -> int:
    """As many of the wanted claims as could begin now."""
    left = free(connection, channel, limit)
    return wanted if left is None else min(wanted, left)
