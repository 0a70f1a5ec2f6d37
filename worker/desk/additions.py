"""Requests that come by message: all of a message, or none."""

from collections.abc import Sequence

from worker.domain.batches import refuse_closed
from worker.domain.errors import Mistake, UnknownBatch
from worker.domain.messages import NewRequest
from worker.domain.targets import Unreachable, normalize
from worker.store import batches, ingest
from worker.store.batches import Intake
from worker.store.connect import Connection
from worker.store.ingest import Arrival


class RequestsConflict(Mistake):
    """Some of the requests are in the batch already, and differ."""

    def __init__(self, positions: Sequence[int], reasons: Sequence[str]) -> None:
        named = [f"requests.{at}: {why}" for at, why in zip(positions, reasons, strict=True)]
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        super().__init__("; ".join(named[:3]) + more)


def add_in(
    connection: Connection, batch_id: str, requests: Sequence[NewRequest], *, by: str
) -> int:
    """Add requests to a batch; those it has already, equal in every field, are left as they are.

    Returns:
        how many are new.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be added to it.
        RequestsConflict: a reference_id is taken by another target or other variables.
    """
    intake = _open(connection, batch_id)
    arrivals = [_arrival(at, request, intake) for at, request in enumerate(requests)]
    ingested = ingest.add(connection, intake.facts.id, intake.mode, arrivals)
    if ingested.refused:
        refused = ingested.refused
        raise RequestsConflict([one.line for one in refused], [one.reason for one in refused])
    stored = sum(ingested.by_status.values())
    if stored:
        batches.note_addition(connection, intake.facts.id, by)
    return stored


def _open(connection: Connection, batch_id: str) -> Intake:
    """The batch, once it is our turn to add to it."""
    facts = batches.find(connection, batch_id)
    if facts is None:
        raise UnknownBatch(batch_id)
    ingest.take_turn(connection, facts.id)
    intake = batches.intake(connection, batch_id)
    assert intake is not None
    refuse_closed(intake.facts, intake.now)
    return intake


def _arrival(at: int, request: NewRequest, intake: Intake) -> Arrival:
    address: str | None = None
    fault: str | None = None
    match normalize(intake.mode, request.target, intake.default_region):
        case Unreachable(reason):
            fault = f"target {reason}"
        case str(found):
            address = found
    variables = request.request_variables
    return Arrival(at, request.reference_id, request.target.strip(), address, fault, variables)
