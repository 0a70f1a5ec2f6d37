"""Acts that keep somebody from being contacted; the end of one is noted on its row, for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from worker.domain.consent.suppression import OPT_OUTS
from worker.domain.statuses import Channel, SuppressReason
from worker.domain.wire import Wire, to_wire
from worker.store.suppressions import lock


@dataclass(frozen=True, slots=True)
class Suppression:
    """One act and what became of it. Carries an identity; in force while nobody has lifted it."""

    id: int
    channels: tuple[Channel, ...]
    address: str
    suppressed_at: datetime
    suppress_reason: SuppressReason
    source: str
    act: str
    by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_why: str | None

    def to_wire(self) -> dict[str, Wire]:
        """Suppression under its names on the wire."""
        named = {name: to_wire(getattr(self, name)) for name in self.__slots__}
        return {"modes": named.pop("channels"), **named}


_COLUMNS = """SELECT id, channels, identity, at, reason, source, act, by,
    lifted_at, lifted_by, lifted_why FROM suppression"""

_NEWEST = text(f"""
    {_COLUMNS} WHERE lifted_at IS NULL AND (CAST(:channel AS text) IS NULL OR :channel = ANY (channels))
    ORDER BY id DESC LIMIT :limit
""")


def newest(connection: Connection, channel: Channel | None, limit: int) -> list[Suppression]:
    """List what is in force, the latest first."""
    return [_read(row) for row in connection.execute(_NEWEST, {"channel": channel, "limit": limit})]


_OF = text(f"{_COLUMNS} WHERE identity = :identity AND :channel = ANY (channels) ORDER BY id")


def of_person(connection: Connection, channel: Channel, identity: str) -> list[Suppression]:
    """Everything that was ever said of them on a channel, the oldest first."""
    return [
        _read(row) for row in connection.execute(_OF, {"channel": channel, "identity": identity})
    ]


_ONE = text(f"{_COLUMNS} WHERE id = :id")


def lock_act(connection: Connection, row: int) -> Suppression | None:
    """One row, its recipients locked as begin locks them; None where there is none."""
    found = connection.execute(_ONE, {"id": row}).one_or_none()
    if found is None:
        return None
    lock(connection, [Channel(one) for one in found.channels], [found.identity])
    return _read(connection.execute(_ONE, {"id": row}).one())


# A recipient is then told by the first opt-out that still stands, else by the first of the rest.
_LIFT = text("""
    WITH lifted AS (
        UPDATE suppression
        SET lifted_at = clock_timestamp(), lifted_by = :by, lifted_why = CAST(:why AS text)
        WHERE id = ANY (:ids) AND lifted_at IS NULL
        RETURNING id, identity, channels
    ), beside AS (
        SELECT s.id, s.identity, s.channels, s.reason, s.at FROM suppression AS s
        WHERE s.lifted_at IS NULL AND s.identity IN (SELECT identity FROM lifted)
            AND NOT EXISTS (SELECT FROM lifted AS l WHERE l.id = s.id)
    ), standing AS (
        SELECT DISTINCT ON (p.id) p.id, s.at, s.reason
        FROM lifted AS l
        JOIN recipient AS p ON p.identity = l.identity AND p.channel = ANY (l.channels)
        LEFT JOIN beside AS s ON s.identity = p.identity AND p.channel = ANY (s.channels)
        ORDER BY p.id, s.reason = ANY (:opt_outs) DESC, s.at, s.id
    ), told AS (
        UPDATE recipient AS p SET suppressed_at = s.at, suppress_reason = s.reason
        FROM standing AS s WHERE p.id = s.id
    )
    SELECT count(*) FROM lifted
""")


def lift(connection: Connection, rows: Sequence[int], *, by: str, why: str | None) -> int:
    """Lift these rows, whose recipients are locked; whatever stands beside them stays in force.

    Returns:
        how many had not been lifted before.
    """
    told = {"ids": list(rows), "by": by, "why": why, "opt_outs": sorted(OPT_OUTS)}
    lifted: int = connection.execute(_LIFT, told).scalar_one()
    return lifted


def _read(row: Row[Any]) -> Suppression:
    return Suppression(
        id=row.id,
        channels=tuple(Channel(one) for one in row.channels),
        address=row.identity,
        suppressed_at=row.at,
        suppress_reason=SuppressReason(row.reason),
        source=row.source,
        act=row.act,
        by=row.by,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
        lifted_why=row.lifted_why,
    )
