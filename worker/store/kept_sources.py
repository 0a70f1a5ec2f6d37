"""From which source of a pool each recipient of a campaign is contacted: chosen once, kept for all batches.

Kept in a row, though hashing would tell the same again: a pool is edited, a source rests and its recipients
stay with it or are moved, and whoever was contacted knows the number they were contacted from.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

_READ = text("""
    SELECT recipient, source FROM kept_source
    WHERE campaign = :campaign AND recipient = ANY (CAST(:recipients AS bigint[]))
""")


def read(connection: Connection, campaign: int, recipients: Sequence[int]) -> dict[int, str]:
    """The sources of those who have one, by recipient."""
    asked = {"campaign": campaign, "recipients": list(recipients)}
    return {row.recipient: row.source for row in connection.execute(_READ, asked)}


# What another worker has chosen meanwhile stands, unless it is no more to be used. In ascending order: two
# who choose for the same people wait for each other and never both.
_KEEP = text("""
    INSERT INTO kept_source AS k (recipient, campaign, source)
    SELECT v.recipient, :campaign, v.source
    FROM unnest(CAST(:recipients AS bigint[]), CAST(:sources AS text[])) AS v (recipient, source)
    ORDER BY v.recipient
    ON CONFLICT (recipient, campaign) DO UPDATE
    SET source = excluded.source, since = excluded.since
    WHERE k.source <> ALL (CAST(:usable AS text[]))
    RETURNING k.recipient, k.source
""")


def keep(
    connection: Connection, campaign: int, chosen: Mapping[int, str], usable: Sequence[str]
) -> dict[int, str]:
    """Write down what was chosen for recipients who had nothing, or nothing usable.

    Returns:
        what each of them has now, which is another's choice where that came first.
    """
    if not chosen:
        return {}
    values = {"recipients": list(chosen), "sources": list(chosen.values()), "usable": list(usable)}
    rows = connection.execute(_KEEP, values | {"campaign": campaign})
    kept = {row.recipient: row.source for row in rows}
    others = [recipient for recipient in chosen if recipient not in kept]
    return kept | (read(connection, campaign, others) if others else {})


# Who was held back waits for a whole number of hours from when the source was laid to rest, to the
# microsecond; who waits for anything else, like the time of a retry, is left alone.
_WAKE = text("""
    UPDATE queue AS q SET due_at = clock_timestamp()
    FROM campaign AS c JOIN communication_batch AS b ON b.campaign_id = c.id
    JOIN queue AS w ON w.batch = b.id AND w.due_at > clock_timestamp()
    JOIN communication_request AS r ON r.id = w.request
    JOIN kept_source AS k ON k.recipient = r.recipient AND k.campaign = c.id
    WHERE c.mode = :channel AND c.account = :account AND k.source = :source
        AND c.pool @> jsonb_build_array(jsonb_build_object('source', CAST(:source AS text)))
        AND mod(extract(epoch FROM w.due_at - CAST(:since AS timestamptz)), 3600) = 0
        AND q.request = w.request
""")


def wake(connection: Connection, channel: str, account: str, source: str, since: datetime) -> None:
    """Let those go on who wait because their source has rested since then."""
    asked = {"channel": channel, "account": account, "source": source, "since": since}
    connection.execute(_WAKE, asked)
