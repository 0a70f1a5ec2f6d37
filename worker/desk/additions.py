"""Requests that come by message: all of a message, or none."""

from collections.abc import Sequence

from worker.desk.batches import get_batch, note
from worker.desk.intake import await_turn, judge_row, look_again
from worker.domain.audit import Deed
from worker.domain.contract.batches import BatchFacts
from worker.domain.contract.new_requests import NewRequest
from worker.domain.errors import Mistake
from worker.store import batches, ingest
from worker.store.batches import Intake
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.few_arrivals import FEW, add_few
from worker.store.ingest import Arrival, Ingested


class RequestsConflict(Mistake):
    """Some of the requests are in the batch already, and differ."""

    def __init__(self, positions: Sequence[int], reasons: Sequence[str]) -> None:
        named = [f"requests.{at}: {why}" for at, why in zip(positions, reasons, strict=True)]
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        super().__init__("; ".join(named[:3]) + more)


def add_requests(
    engine: Engine,
    batch_id: str,
    requests: Sequence[NewRequest],
    *,
    by: str,
    replace: bool = False,
) -> int:
    """The same as `add_in` in a transaction of its own, with its row in the audit.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired, RequestsConflict: see there.
    """

    def step(connection: Connection) -> int:
        changed = add_in(connection, batch_id, requests, by=by, replace=replace)
        if changed:
            deed = Deed.REPLACE if replace else Deed.ADD
            note(connection, deed, batch_id, by, detail={"requests": changed})
        return changed

    return in_transaction(engine, step)


def add_in(
    connection: Connection,
    batch_id: str,
    requests: Sequence[NewRequest],
    *,
    by: str,
    replace: bool = False,
) -> int:
    """Add requests to a batch; those it has already, equal in every field, are left as they are.

    With `replace` those it has otherwise are replaced, as long as nobody was tried for them.

    Returns:
        how many are new or replaced.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be added to it.
        RequestsConflict: a reference_id is taken by another target or other variables.
    """
    facts = get_batch(connection, batch_id)
    return add_to(connection, facts, requests, by=by, replace=replace)


def add_to(
    connection: Connection,
    facts: BatchFacts,
    requests: Sequence[NewRequest],
    *,
    by: str,
    replace: bool = False,
) -> int:
    """The same to a batch that was found."""
    intake = await_turn(connection, facts)
    if replace:
        # Its row before recipients and requests, as everybody locks them.
        batches.find(connection, facts.batch_id, lock=True)
    arrivals = [
        judge_row(intake, at, request.reference_id, request.target, request.request_variables)
        for at, request in enumerate(requests)
    ]
    ingested = _store(connection, intake, arrivals, replace=replace)
    if ingested.refused:
        refused = ingested.refused
        raise RequestsConflict([one.line for one in refused], [one.reason for one in refused])
    look_again(connection, intake)
    changed = sum(ingested.by_status.values()) + ingested.replaced
    if changed:
        batches.note_addition(connection, intake.facts.id, by)
    return changed


def _store(
    connection: Connection, intake: Intake, arrivals: Sequence[Arrival], *, replace: bool
) -> Ingested:
    batch, channel = intake.facts.id, intake.channel
    if len(arrivals) <= FEW and not replace:
        return add_few(connection, batch, channel, arrivals)
    return ingest.add(connection, batch, channel, arrivals, replace=replace)
