"""Batches as the public API has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from worker.desk import batches
from worker.desk.additions import add_to
from worker.desk.outbound.uploads import latest_uploads
from worker.desk.request_actions import remove_requests
from worker.desk.visibility import create_batch_of, seen_batch
from worker.domain.audit import Deed
from worker.domain.callers import Caller
from worker.domain.contract.batches import BatchDetails, BatchFacts, refuse_closed
from worker.domain.contract.new_requests import NewRequest
from worker.domain.contract.outbound.batches import changes_said, show_batch, show_details
from worker.domain.contract.outbound.generations import Generation
from worker.domain.errors import WrongFields
from worker.domain.wire import Wire
from worker.store.batches import now
from worker.store.connect import Connection, Engine, in_transaction

Said = Mapping[str, Any]


def get_seen_batch(engine: Engine, batch_id: str, caller: Caller) -> BatchDetails:
    """The batch with its status and counts.

    Raises:
        UnknownBatch: there is none that the caller may see.
    """

    def step(connection: Connection) -> BatchDetails:
        return _details(connection, seen_batch(connection, batch_id, caller.campaign))

    return in_transaction(engine, step)


def get_public_batch(
    engine: Engine, batch_id: str, generation: Generation, caller: Caller
) -> dict[str, Wire]:
    """PublicBatchDetails: the batch, its counts, and what became of its latest files.

    Raises:
        UnknownBatch: there is none that the caller may see.
    """

    def step(connection: Connection) -> dict[str, Wire]:
        facts = seen_batch(connection, batch_id, caller.campaign)
        shown = show_details(_details(connection, facts), generation)
        return shown | {"uploads": latest_uploads(connection, facts.id)}

    return in_transaction(engine, step)


def create_public_batch(engine: Engine, said: Said, caller: Caller) -> BatchDetails:
    """Store an empty batch; one that was created with equal fields is left as it is.

    Raises:
        WrongFields, UnknownCampaign, BatchConflict: as every creation.
        BatchIdTaken: another campaign has it, of which the caller knows nothing.
    """
    return create_batch_of(engine, said, by=caller.owner, campaign=caller.campaign)


def update_public_batch(
    engine: Engine, batch_id: str, said: Said, generation: Generation, caller: Caller
) -> BatchDetails:
    """Change what a client gives; a pause has committed when this returns.

    Raises:
        UnknownBatch: there is none that the caller may see.
        BatchDeleted, BatchExpired, BatchArchived: it is closed, and something would change.
        WrongFields: a change is unknown or wrong.
    """

    def step(connection: Connection) -> BatchDetails:
        facts = seen_batch(connection, batch_id, caller.campaign, lock=True)
        shown = show_batch(_details(connection, facts), generation)
        said_now = changes_said(said, shown)
        changes = {name: v for name, v in said_now.items() if v != getattr(facts, name)}
        if changes:
            refuse_closed(facts, now(connection))
            batches.edit_in(connection, facts, changes, by=caller.owner)
            facts = batches.get_batch(connection, batch_id)
        return _details(connection, facts)

    return in_transaction(engine, step)


def delete_public_batch(engine: Engine, batch_id: str, *, reason: str, caller: Caller) -> None:
    """Delete a batch; the first reason stays.

    Raises:
        UnknownBatch: there is none that the caller may see.
        WrongFields: the reason is empty.
    """
    get_seen_batch(engine, batch_id, caller)
    batches.delete_batch(engine, batch_id, reason=reason, by=caller.owner)


def add_public_request(engine: Engine, batch_id: str, said: Said, caller: Caller) -> None:
    """Add one request; one that is there, equal in every field, is left as it is.

    Raises:
        WrongFields: it names another batch.
        UnknownBatch: there is none that the caller may see.
        BatchDeleted, BatchExpired, BatchArchived: it is closed.
        RequestsConflict: the reference_id is taken by another target or other variables.
    """

    def step(connection: Connection) -> None:
        facts = seen_batch(connection, batch_id, caller.campaign)
        if said.get("batch_id") not in {None, batch_id}:
            raise WrongFields(["batch_id: must be that of the path"])
        if add_to(connection, facts, [new], by=caller.owner):
            batches.note(connection, Deed.ADD, batch_id, caller.owner, detail={"requests": 1})

    new = NewRequest(**{name: said[name] for name in NewRequest.model_fields})
    in_transaction(engine, step)


def remove_public_requests(
    engine: Engine, batch_id: str, reference_ids: Sequence[str], caller: Caller
) -> None:
    """Close those of the named requests that still wait; what is gone already is gone.

    Raises:
        UnknownBatch: there is none that the caller may see.
    """
    remove_requests(engine, batch_id, reference_ids, by=caller.owner, only=caller.campaign)


def _details(connection: Connection, facts: BatchFacts) -> BatchDetails:
    return batches.details_of(connection, [facts])[0]
