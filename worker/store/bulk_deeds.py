"""Deeds over all that match: a row each, which says how far it is, for whoever carries it on."""

from typing import Any

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from worker.domain.audit import Deed
from worker.domain.contract.bulk_deeds import OVER, BulkDeed, BulkOrder, Over, Portion
from worker.store.schema import batch, bulk_deed

_COLUMNS = [(batch if name == "batch_id" else bulk_deed).c[name] for name in BulkDeed.__slots__]
_WITH_BATCH = bulk_deed.outerjoin(batch, batch.c.id == bulk_deed.c.batch)


def start(connection: Connection, order: BulkOrder, batch_key: int | None, by: str) -> int | None:
    """Write a new one down. Returns its number; None: the same order came before."""
    row = {
        "once": order.once,
        "deed": order.aim.deed.value,
        "batch": batch_key,
        "chosen": dict(order.aim.chosen),
        "most": order.most,
        "why": order.why,
        "started_by": by,
    }
    told = insert(bulk_deed).values(row).on_conflict_do_nothing(index_elements=["once"])
    number: int | None = connection.scalar(told.returning(bulk_deed.c.id))
    return number


def number_of(connection: Connection, order: BulkOrder) -> int:
    """Return the number of an order that came before."""
    known = select(bulk_deed.c.id).where(bulk_deed.c.once == order.once)
    return int(connection.execute(known).scalar_one())


def find(connection: Connection, number: int) -> BulkDeed | None:
    """One of them, by its number."""
    chosen = select(*_COLUMNS).select_from(_WITH_BATCH).where(bulk_deed.c.id == number)
    row = connection.execute(chosen).first()
    return None if row is None else _read(row)


def latest(connection: Connection, over: Over, batch_key: int | None, limit: int) -> list[BulkDeed]:
    """The latest over all of these, or over a batch's requests, the newest first."""
    deeds = [deed.value for deed, what in OVER.items() if what is over]
    of = bulk_deed.c.batch.is_(None) if batch_key is None else bulk_deed.c.batch == batch_key
    rows = select(*_COLUMNS).select_from(_WITH_BATCH).where(of, bulk_deed.c.deed.in_(deeds))
    rows = rows.order_by(bulk_deed.c.id.desc()).limit(limit)
    return [_read(row) for row in connection.execute(rows)]


# Whoever waits longest for a next portion comes first: a long one keeps no short one waiting.
_CLAIM = text("""
    SELECT id FROM bulk_deed WHERE finished_at IS NULL
    ORDER BY worked_at NULLS FIRST, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
""")


def claim(connection: Connection) -> BulkDeed | None:
    """One that is not finished and that nobody else is at; held until our transaction ends."""
    number = connection.scalar(_CLAIM)
    return None if number is None else find(connection, number)


_MOVE_ON = text("""
    UPDATE bulk_deed
    SET done = done + :done, passed = passed + :passed, after = coalesce(:after, after),
        worked_at = clock_timestamp(),
        finished_at = CASE WHEN :over THEN clock_timestamp() END
    WHERE id = :id
""")


def move_on(connection: Connection, number: int, portion: Portion, *, over: bool) -> None:
    """A portion is done, in the same transaction; `over`: it was the last."""
    told = {"done": portion.done, "passed": portion.passed, "after": portion.after}
    connection.execute(_MOVE_ON, {"id": number, "over": over, **told})


def give_up(connection: Connection, number: int, fault: str) -> bool:
    """It can't go on, and why. Returns False where it is over already."""
    return _end(connection, number, fault=fault)


def stop(connection: Connection, number: int, by: str) -> bool:
    """Let no further portion begin; one under way is waited for. Returns False where it is over."""
    return _end(connection, number, stopped_by=by)


def _end(connection: Connection, number: int, **how: str) -> bool:
    open_one = (bulk_deed.c.id == number, bulk_deed.c.finished_at.is_(None))
    ended = update(bulk_deed).where(*open_one)
    ended = ended.values(finished_at=text("clock_timestamp()"), **how)
    return connection.execute(ended).rowcount > 0


def _read(row: Row[Any]) -> BulkDeed:
    number, deed, *others = tuple(row)
    return BulkDeed(number, Deed(deed), *others)
