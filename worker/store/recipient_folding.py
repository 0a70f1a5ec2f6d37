"""By which rules recipients were folded into people, and folding them anew by others.

Nothing is sent while the rules of the database and of the release differ: a person would be two.
"""

from collections.abc import Callable

from sqlalchemy import Connection, text

from worker.domain.errors import Mistake
from worker.domain.statuses import Channel

Fold = Callable[[Channel, str], str]


class StillUnderWay(Mistake):
    """Attempts to one person, known as two so far, are under way at the same time."""

    def __init__(self) -> None:
        super().__init__("attempts are under way to one person in two spellings: try again later")


def read_version(connection: Connection) -> int | None:
    """The version of the rules that every stored identity was folded by."""
    version: int | None = connection.scalar(text("SELECT version FROM fold"))
    return version


def fold_anew(connection: Connection, fold: Fold, version: int) -> int:
    """Fold every recipient by these rules; those who become one person are merged into the first.

    1. Wait until nobody begins, imports or opts out.
    2. Note whose identity changes, and into whom they are merged.
    3. The first takes over an opt-out before anything else that suppressed the others; their acts are its.
    4. Requests and attempts move to the first. A second one that waits in the same batch becomes a
       DUPLICATE; one that is over keeps its old row, which no import finds any more.
    5. Whoever has nothing left is removed, and the others take their new identity.

    Returns:
        how many identities changed.

    Raises:
        StillUnderWay: two attempts to one person are in flight; wait until one of them is over.
    """
    connection.execute(
        text("LOCK TABLE recipient, suppression, communication_request, attempt IN EXCLUSIVE MODE")
    )
    connection.execute(
        text("CREATE TEMPORARY TABLE refolded (id bigint PRIMARY KEY, identity text)")
    )
    rows = connection.execute(text("SELECT id, channel, identity FROM recipient")).all()
    changed = [
        {"id": row.id, "identity": new}
        for row in rows
        if (new := fold(Channel(row.channel), row.identity)) != row.identity
    ]
    if changed:
        connection.execute(text("INSERT INTO refolded VALUES (:id, :identity)"), changed)
        connection.execute(_MERGED)
        if connection.scalar(_UNDER_WAY):
            raise StillUnderWay
        for step in _STEPS:
            connection.execute(step)
    connection.execute(text("DROP TABLE refolded"))
    connection.execute(text("DROP TABLE IF EXISTS merged"))
    connection.execute(text("UPDATE fold SET version = :version"), {"version": version})
    return len(changed)


_MERGED = text("""
    CREATE TEMPORARY TABLE merged AS
    SELECT id, first_value(id) OVER (PARTITION BY channel, identity ORDER BY id) AS first
    FROM (
        SELECT p.id, p.channel, coalesce(n.identity, p.identity) AS identity
        FROM recipient AS p LEFT JOIN refolded AS n USING (id)
    ) AS folded
""")

_UNDER_WAY = text("""
    SELECT EXISTS (
        SELECT FROM attempt AS a JOIN merged AS m ON m.id = a.recipient
        WHERE a.state IN ('SENDING', 'IN_DOUBT') GROUP BY m.first HAVING count(*) > 1
    )
""")

_SUPPRESSED = text("""
    UPDATE recipient AS p SET suppressed_at = s.suppressed_at, suppress_reason = s.suppress_reason
    FROM (
        SELECT DISTINCT ON (m.first) m.first, o.* FROM merged AS m JOIN recipient AS o ON o.id = m.id
        WHERE o.suppressed_at IS NOT NULL
        ORDER BY m.first, o.suppress_reason IN ('unsubscribed', 'spam_report') DESC, o.suppressed_at
    ) AS s WHERE p.id = s.first
""")

_ACTS = text("""
    UPDATE suppression AS s SET identity = n.identity FROM refolded AS n JOIN recipient AS p USING (id)
    WHERE s.identity = p.identity AND p.channel = ANY (s.channels)
""")

_STARTS = text("""
    UPDATE start_message AS s SET identity = n.identity
    FROM refolded AS n JOIN recipient AS p USING (id)
    WHERE s.identity = p.identity AND p.channel = 'sms'
""")

_TWICE = """
    SELECT r.id, row_number() OVER (
        PARTITION BY r.batch, m.first
        ORDER BY r.request_status = 'PENDING' AND r.attempt IS NULL, r.id
    ) > 1 AS again
    FROM communication_request AS r JOIN merged AS m ON m.id = r.recipient
    WHERE NOT r.is_duplicate
"""
_DUPLICATES = text(f"""
    UPDATE communication_request AS r SET is_duplicate = true, request_status = 'DUPLICATE',
        channel_manager_status = 'DUPLICATE', moved_by = 'ingest', moved_why = 'one person'
    FROM ({_TWICE}) AS t
    WHERE r.id = t.id AND t.again AND r.request_status = 'PENDING' AND r.attempt IS NULL
""")  # noqa: S608  two constants

_DEQUEUED = text("""
    DELETE FROM queue USING communication_request AS r
    WHERE r.id = queue.request AND r.request_status = 'DUPLICATE'
""")

_REQUESTS = text(f"""
    UPDATE communication_request AS r SET recipient = m.first FROM merged AS m
    WHERE m.id = r.recipient AND m.first <> m.id
        AND r.id NOT IN (SELECT id FROM ({_TWICE}) AS t WHERE again)
""")  # noqa: S608  two constants

_ATTEMPTS = text("""
    UPDATE attempt AS a SET recipient = r.recipient FROM communication_request AS r
    WHERE r.id = a.request AND a.recipient <> r.recipient
""")

_ARCHIVED = text("""
    UPDATE archived_attempt AS a SET recipient = m.first FROM merged AS m
    WHERE m.id = a.recipient AND m.first <> m.id
""")

# Who was two had two sources at most: the first one's own, else the longest kept, stays.
_KEPT = text("""
    INSERT INTO kept_source (recipient, campaign, source, since)
    SELECT DISTINCT ON (m.first, k.campaign) m.first, k.campaign, k.source, k.since
    FROM kept_source AS k JOIN merged AS m ON m.id = k.recipient
    WHERE m.first <> m.id ORDER BY m.first, k.campaign, k.since
    ON CONFLICT (recipient, campaign) DO NOTHING
""")

_LEFT = text("""
    DELETE FROM kept_source AS k USING merged AS m WHERE m.id = k.recipient AND m.first <> m.id
""")

_GONE = text("""
    DELETE FROM recipient AS p USING merged AS m WHERE m.id = p.id AND m.first <> m.id
        AND NOT EXISTS (SELECT FROM communication_request AS r WHERE r.recipient = p.id)
""")

_RENAMED = text("""
    UPDATE recipient AS p SET identity = n.identity FROM refolded AS n JOIN merged AS m USING (id)
    WHERE p.id = n.id AND m.first = m.id
""")

_STEPS = (
    _SUPPRESSED,
    _ACTS,
    _STARTS,
    _DUPLICATES,
    _DEQUEUED,
    _REQUESTS,
    _ATTEMPTS,
    _ARCHIVED,
    _KEPT,
    _LEFT,
    _GONE,
    _RENAMED,
)
