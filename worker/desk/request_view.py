"""One request as an operator reads it: its story, its attempts, what holds it, what the person is told."""

from dataclasses import dataclass
from datetime import datetime

from worker.desk.batches import get_batch
from worker.desk.plan import gates_at
from worker.domain.contract.results import History
from worker.domain.errors import Mistake, UnknownRequest
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.eligibility import local_time
from worker.domain.schedule.gates import BatchGate, GateState
from worker.domain.statuses import RequestStatus
from worker.store import batches, people, request_pages, requests
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.people import AttemptShown, ToWhom

__all__ = ["AttemptShown", "RequestView", "ToWhom", "named_request", "view_request"]


class NoRequest(Mistake):
    """No request has this number."""

    def __init__(self, request: int) -> None:
        super().__init__(f"there is no request {request}")


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request. `gates`: what holds it, where it waits."""

    id: int
    history: History
    attempts: tuple[AttemptShown, ...]
    to: ToWhom
    gates: tuple[BatchGate, ...]


def named_request(engine: Engine, request: int) -> tuple[str, str]:
    """Its batch_id and reference_id.

    Raises:
        NoRequest: there is none.
    """
    named = in_transaction(engine, request_pages.name_of, request)
    if named is None:
        raise NoRequest(request)
    return named


def view_request(engine: Engine, request: int, *, ceilings: Ceilings, zone: str) -> RequestView:
    """The request at this moment.

    Raises:
        NoRequest: there is none.
    """
    batch_id, reference_id = named_request(engine, request)

    def step(connection: Connection) -> RequestView:
        history = requests.history(connection, batch_id, reference_id)
        if history is None:
            raise UnknownRequest(batch_id, reference_id)
        to = people.to_whom(connection, request)
        attempts = tuple(people.attempts_of(connection, request))
        gates = gates_at(connection, get_batch(connection, batch_id), ceilings=ceilings, zone=zone)
        own = _own_gates(history, to, batches.now(connection), zone)
        waits = history.request.request_status == RequestStatus.PENDING
        return RequestView(request, history, attempts, to, (*gates[:-1], *own) if waits else ())

    return in_transaction(engine, step)


def _own_gates(history: History, to: ToWhom, now: datetime, zone: str) -> tuple[BatchGate, ...]:
    due = history.due_at
    suppressed = (
        BatchGate(GateState.OPEN, "the person may be contacted")
        if to.suppressed_at is None
        else BatchGate(GateState.NEVER, f"the person is suppressed: {to.suppress_reason}")
    )
    if due is not None and due > now:
        return suppressed, BatchGate(GateState.WAIT, f"due {local_time(due, zone)}", due)
    return suppressed, BatchGate(GateState.OPEN, "due now")
