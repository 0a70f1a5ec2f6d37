"""Named lists of suppressions: whose turn it is, what stands of one, and the end of what it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from worker.domain.consent.suppression import sharing
from worker.domain.statuses import Channel
from worker.store import suppression_acts
from worker.store.suppressions import scope_of

# The first half of a two-part advisory lock; the second is the list.
LIST_LOCK = 7_230_007


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows of a list that its newest edition lacks, and how many stood there to be lacked."""

    rows: Sequence[int]
    among: int


def try_turn(connection: Connection, source: str) -> bool:
    """Take the list until this transaction ends. Returns False while somebody else has it."""
    query = text("SELECT pg_try_advisory_xact_lock(:lock, hashtext(:source))")
    return bool(connection.scalar(query, {"lock": LIST_LOCK, "source": source}))


_STANDING = text("""
    SELECT id FROM suppression
    WHERE identity = ANY (:identities) AND source = :source AND lifted_at IS NULL
""")


def in_force(connection: Connection, source: str, identities: Sequence[str]) -> list[int]:
    """The rows in force by which the list names these identities."""
    whom = {"source": source, "identities": list(identities)}
    return list(connection.execute(_STANDING, whom).scalars())


# The act of a row names its edition. What the newest one has just brought, or one that was broken off,
# is not counted among what stood there: else a wrong file grows the list and so excuses itself.
# Grouped rather than joined: a table that nobody has analyzed since would be joined row by row.
_MISSING = text("""
    WITH marked AS MATERIALIZED (
        SELECT id, max(edition) AS edition, bool_or(is_seen) AS is_seen FROM (
            SELECT id, split_part(act, ':', 1) AS edition, false AS is_seen FROM suppression
            WHERE source = :source AND lifted_at IS NULL
                AND :channel = ANY (channels) AND channels <@ CAST(:sharing AS text[])
            UNION ALL
            SELECT id, NULL, true FROM unnest(CAST(:seen AS bigint[])) AS s (id)
        ) AS both_sides
        GROUP BY id HAVING bool_or(NOT is_seen)
    ), editions AS MATERIALIZED (
        SELECT max(id) AS last, count(*) AS n, bool_or(NOT is_seen) AS lacks FROM marked
        GROUP BY edition
    )
    SELECT (
        SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM marked WHERE NOT is_seen
    ) AS rows, (
        SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM editions
        WHERE last <= (SELECT max(last) FROM editions WHERE lacks)
    ) AS among
""")


def missing(connection: Connection, source: str, channel: Channel, seen: Sequence[int]) -> Missing:
    """Find what stands of the list on this channel, and on none that it does not share, beside these rows."""
    told = {"source": source, "channel": channel, "seen": list(seen)}
    row = connection.execute(
        _MISSING, told | {"sharing": list(sharing(channel, scope_of(connection)))}
    ).one()
    return Missing(row.rows, row.among)


# In ascending order, as everybody locks recipients, and before the statement that lifts looks.
_LOCK = text("""
    SELECT FROM recipient WHERE id IN (
        SELECT p.id FROM suppression AS s
        JOIN recipient AS p ON p.identity = s.identity AND p.channel = ANY (s.channels)
        WHERE s.id = ANY (:rows)
    )
    ORDER BY id FOR NO KEY UPDATE
""")


def lift(connection: Connection, rows: Sequence[int], *, by: str, why: str) -> int:
    """Lift these rows in one statement. Returns how many nobody had lifted before."""
    connection.execute(_LOCK, {"rows": list(rows)})
    return suppression_acts.lift(connection, rows, by=by, why=why)
