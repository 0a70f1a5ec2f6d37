"""One deed over all that match: ordered once, carried on by any process of the API, stopped at any time."""

import structlog

from worker.desk.batches import get_batch
from worker.desk.bulk_portions import WAYS
from worker.domain.contract.batches import refuse_closed
from worker.domain.contract.bulk_deeds import OVER, Aim, BulkDeed, BulkOrder, Over
from worker.domain.errors import Mistake, WrongFields, where_raised
from worker.store import audit, batches, bulk_deeds
from worker.store.audit import Detail
from worker.store.connect import (
    Connection,
    Engine,
    StoreRefused,
    StoreUnavailable,
    in_transaction,
)

log = structlog.get_logger()
SHOWN = 5
"""The latest ones."""
MOST = 10_000_000


class UnknownBulkDeed(Mistake):
    """There is none with this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no bulk deed {number}")


def start_bulk(engine: Engine, order: BulkOrder, *, by: str) -> int:
    """Order a deed over all that match. It is begun at once by some process, and survives it.

    Returns:
        its number; of the first one, where the same order is sent twice.

    Raises:
        WrongFields: there is no such deed, or the number is none.
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be done to it.
    """
    if order.aim.over is None or not 0 < order.most <= MOST:
        raise WrongFields(["deed: not one that is done to all that match, or to nobody"])
    return in_transaction(engine, _start, order, by)


def count_bulk(engine: Engine, aim: Aim) -> int:
    """Count all that match, as of now.

    Raises:
        WrongFields: there is no such deed.
        UnknownBatch: there is none.
    """
    over = aim.over
    if over is None:
        raise WrongFields(["deed: not one that is done to all that match"])
    return in_transaction(engine, WAYS[over].count, aim)


def _start(connection: Connection, order: BulkOrder, by: str) -> int:
    key, aim = None, order.aim
    if aim.batch_id is not None:
        facts = get_batch(connection, aim.batch_id)
        refuse_closed(facts, batches.now(connection))
        key = facts.id
    number = bulk_deeds.start(connection, order, key, by)
    if number is None:
        return bulk_deeds.number_of(connection, order)
    chosen = [f"{name} {value}" for name, value in sorted(aim.chosen.items()) if value]
    told: Detail = {"bulk": number, "at_most": order.most, "chosen": chosen}
    audit.note(connection, aim.deed, _subject(aim), by, why=order.why, detail=told)
    return number


def go_on(engine: Engine) -> bool:
    """Do one portion of one deed: what it does and the note that it is done are one commit.

    Whoever is killed in the middle has done nothing; the next one begins where the last commit ended.

    Returns:
        whether there was one.

    Raises:
        StoreUnavailable: the database does not take it now.
    """
    held: list[BulkDeed] = []

    def step(connection: Connection) -> bool:
        found = bulk_deeds.claim(connection)
        held[:] = [found] if found else []
        if found is not None:
            _do_portion(connection, found)
        return found is not None

    try:
        return in_transaction(engine, step)
    except StoreUnavailable:
        raise
    except Exception as fault:
        if not held:
            raise
        in_transaction(engine, _give_up, held[0], _sentence(fault))
        return True


def _do_portion(connection: Connection, deed: BulkDeed) -> None:
    portion = WAYS[OVER[deed.deed]].do_portion(connection, deed)
    done, passed = deed.done + portion.done, deed.passed + portion.passed
    over = portion.after is None or done + passed >= deed.most
    bulk_deeds.move_on(connection, deed.id, portion, over=over)
    if over:
        told = {"bulk": deed.id, "done": done, "passed_over": passed}
        _note(connection, deed, deed.started_by, told, why=deed.why)


def _sentence(fault: Exception) -> str:
    """Return what is told of it; an error that is none of ours may quote somebody's data."""
    if isinstance(fault, (Mistake, StoreRefused)):
        return str(fault)
    log.error("bulk_deed_failed", error=type(fault).__name__, at=where_raised(fault))
    return "this is a fault of ours, which was written to the log"


def _give_up(connection: Connection, deed: BulkDeed, fault: str) -> None:
    if bulk_deeds.give_up(connection, deed.id, fault):
        told = {"bulk": deed.id, "done": deed.done, "passed_over": deed.passed}
        _note(connection, deed, deed.started_by, told, why=f"it could not go on: {fault}")


def stop_bulk(engine: Engine, number: int, *, by: str) -> BulkDeed:
    """Once this returns nothing more of it is done. One that is over stays as it is.

    Raises:
        UnknownBulkDeed: there is none.
    """

    def step(connection: Connection) -> BulkDeed:
        stopped = bulk_deeds.stop(connection, number, by)
        deed = _find(connection, number)
        if stopped:
            told = {"bulk": number, "done": deed.done, "passed_over": deed.passed}
            _note(connection, deed, by, told, why="stopped")
        return deed

    return in_transaction(engine, step)


def show_bulk(engine: Engine, number: int) -> BulkDeed:
    """Show how far it is.

    Raises:
        UnknownBulkDeed: there is none.
    """
    return in_transaction(engine, _find, number)


def list_bulk(engine: Engine, over: Over, batch_id: str | None = None) -> list[BulkDeed]:
    """The latest over all of these, or over the requests of a batch, the newest first.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> list[BulkDeed]:
        key = None if batch_id is None else get_batch(connection, batch_id).id
        return bulk_deeds.latest(connection, over, key, SHOWN)

    return in_transaction(engine, step)


def _find(connection: Connection, number: int) -> BulkDeed:
    deed = bulk_deeds.find(connection, number)
    if deed is None:
        raise UnknownBulkDeed(number)
    return deed


def _note(connection: Connection, deed: BulkDeed, by: str, told: Detail, why: str | None) -> None:
    audit.note(connection, deed.deed, _subject(deed.aim), by, why=why, detail=told)


def _subject(aim: Aim) -> str:
    return str(OVER[aim.deed]) if aim.batch_id is None else f"batch {aim.batch_id}"
