"""Batches: create, update, pause, resume, delete, show."""

from collections.abc import Container, Mapping, Sequence

from worker.domain.audit import Deed, changed
from worker.domain.contract.batches import (
    BatchDetails,
    BatchFacts,
    apply_changes,
    batch_fields,
    batch_status,
    refuse_past_expiry,
)
from worker.domain.contract.idempotency import created_as, differing
from worker.domain.contract.new_requests import NewRequest
from worker.domain.contract.seen_versions import refuse_unseen
from worker.domain.errors import (
    BatchConflict,
    BatchDeleted,
    UnknownBatch,
    UnknownCampaign,
    WrongFields,
)
from worker.store import audit, batches, campaigns
from worker.store.audit import Detail, Fields
from worker.store.connect import Connection, Engine, in_transaction
from worker.tracing import origin


def create_batch(engine: Engine, values: Mapping[str, object], *, by: str) -> BatchDetails:
    """Store an empty batch; one that was created with equal fields is left as it is.

    Raises:
        WrongFields: naming every field that is missing, unknown or wrong, or an expiry that has passed.
        UnknownCampaign: there is none with this id.
        BatchConflict: the id is taken by a batch created with other fields.
    """

    def step(connection: Connection) -> BatchDetails:
        create_in(connection, values, by=by)
        return details_of(connection, [get_batch(connection, str(values["batch_id"]))])[0]

    return in_transaction(engine, step)


def create_in(
    connection: Connection,
    values: Mapping[str, object],
    *,
    by: str,
    requests: Sequence[NewRequest] = (),
) -> bool:
    """The same in a transaction of the caller's, with the requests it will have added.

    Returns:
        whether the batch is new.
    """
    fields = batch_fields(values)
    if not campaigns.exists(connection, fields.campaign_id):
        raise UnknownCampaign(str(fields.campaign_id))
    plain = created_as(fields, requests)
    if batches.add(connection, fields, by, created_as=plain, traceparent=origin()):
        refuse_past_expiry(fields, batches.now(connection))
        note(connection, Deed.CREATE, fields.batch_id, by, detail={"requests": len(requests)})
        return True
    facts = get_batch(connection, fields.batch_id)
    before = batches.created_as(connection, facts.id) or created_as(facts.fields)
    if names := differing(before, plain):
        raise BatchConflict(fields.batch_id, names)
    return False


def update_batch(
    engine: Engine,
    batch_id: str,
    changes: Mapping[str, object],
    *,
    by: str,
    seen: Container[str] | None = None,
) -> BatchDetails:
    """Change the named fields of a batch: paused, starts_at, expires_on, call_rate, auto_call_rate.

    Raises:
        UnknownBatch, BatchDeleted: there is none to change.
        WrongFields: a change is unknown or wrong.
        CannotMoveExpiry: it has expired already.
        ChangedSince: it is none of the versions that were seen.
    """

    def step(connection: Connection) -> BatchDetails:
        facts = get_batch(connection, batch_id, lock=True)
        refuse_unseen(facts.last_updated_at, seen)
        edit_in(connection, facts, changes, by=by)
        return details_of(connection, [get_batch(connection, batch_id)])[0]

    return in_transaction(engine, step)


def update_in(
    connection: Connection, batch_id: str, changes: Mapping[str, object], *, by: str
) -> None:
    """The same in a transaction of the caller's."""
    edit_in(connection, get_batch(connection, batch_id, lock=True), changes, by=by)


def edit_in(
    connection: Connection, facts: BatchFacts, changes: Mapping[str, object], *, by: str
) -> None:
    """The same of a batch whose facts were read as it was locked."""
    batch_id = facts.batch_id
    after = apply_changes(facts, changes, batches.now(connection))
    batches.edit(connection, facts.id, after, by)
    if set(changes) == {"paused"}:
        note(connection, _held(paused=after.paused), batch_id, by)
    else:
        was, is_now = changed(facts.fields.model_dump(), after.model_dump())
        told = {"fields": sorted(changes)}
        note(connection, Deed.EDIT, batch_id, by, detail=told, before=was, after=is_now)


def expire_batch(engine: Engine, batch_id: str, *, by: str) -> BatchDetails:
    """End the batch now: no attempt begins any more, and a sweep closes what waits.

    Raises:
        UnknownBatch, BatchDeleted: there is none to end.
        CannotMoveExpiry: it has expired already.
    """

    def step(connection: Connection) -> None:
        # Locked before the clock is read: whoever was let begin before had begun by then.
        get_batch(connection, batch_id, lock=True)
        update_in(connection, batch_id, {"expires_on": batches.now(connection)}, by=by)

    in_transaction(engine, step)
    return show_batch(engine, batch_id)


def pause_batch(engine: Engine, batch_id: str, *, by: str, why: str | None = None) -> BatchDetails:
    """Hold the batch: once this returns, none of its attempts begins; one that is held stays as it is.

    Raises:
        UnknownBatch, BatchDeleted: there is none to pause.
    """
    return _set_paused(engine, batch_id, by, paused=True, why=why)


def resume_batch(engine: Engine, batch_id: str, *, by: str, why: str | None = None) -> BatchDetails:
    """Let the batch go on; one that is not held stays as it is.

    Raises:
        UnknownBatch, BatchDeleted: there is none to resume.
    """
    return _set_paused(engine, batch_id, by, paused=False, why=why)


def delete_batch(engine: Engine, batch_id: str, *, reason: str, by: str) -> BatchDetails:
    """Delete the batch: no attempt begins any more, and a sweep closes what waits.

    A deleted batch stays as it was deleted first.

    Raises:
        UnknownBatch: there is none.
        WrongFields: the reason is empty.
    """
    if not reason.strip():
        raise WrongFields(["deleted_reason: must say why"])
    in_transaction(engine, delete_in, batch_id, reason=reason, by=by)
    return show_batch(engine, batch_id)


def delete_in(connection: Connection, batch_id: str, *, reason: str, by: str) -> None:
    """The same in a transaction of the caller's."""
    if batches.mark_deleted(connection, batch_id, by, reason=reason):
        note(connection, Deed.DELETE, batch_id, by, why=reason)
    else:
        get_batch(connection, batch_id)


def show_batch(engine: Engine, batch_id: str) -> BatchDetails:
    """The batch with its status and counts.

    Raises:
        UnknownBatch: there is none.
    """
    return in_transaction(
        engine, lambda connection: details_of(connection, [get_batch(connection, batch_id)])[0]
    )


def _set_paused(
    engine: Engine, batch_id: str, by: str, *, paused: bool, why: str | None = None
) -> BatchDetails:
    in_transaction(engine, set_paused_in, batch_id, by, paused=paused, why=why)
    return show_batch(engine, batch_id)


def set_paused_in(
    connection: Connection, batch_id: str, by: str, *, paused: bool, why: str | None = None
) -> bool:
    """Hold the batch or let it go on, in a transaction of the caller's.

    Returns:
        False where it was so before.

    Raises:
        UnknownBatch, BatchDeleted: there is none.
    """
    facts = get_batch(connection, batch_id, lock=True)
    if facts.deleted_at is not None:
        raise BatchDeleted(batch_id)
    if changes := facts.paused is not paused:
        batches.set_paused(connection, facts.id, by, paused=paused)
    note(connection, _held(paused=paused), batch_id, by, why=why)
    return changes


def get_batch(connection: Connection, batch_id: str, *, lock: bool = False) -> BatchFacts:
    """The facts of a batch.

    Raises:
        UnknownBatch: there is none.
    """
    facts = batches.find(connection, batch_id, lock=lock)
    if facts is None:
        raise UnknownBatch(batch_id)
    return facts


def note(
    connection: Connection,
    deed: Deed,
    batch_id: str,
    by: str,
    *,
    why: str | None = None,
    detail: Detail | None = None,
    before: Fields | None = None,
    after: Fields | None = None,
) -> None:
    """Write down in the audit what is done to a batch."""
    subject = f"batch {batch_id}"
    audit.note(connection, deed, subject, by, why=why, detail=detail, before=before, after=after)


def _held(*, paused: bool) -> Deed:
    return Deed.PAUSE if paused else Deed.RESUME


def details_of(connection: Connection, found: Sequence[BatchFacts]) -> list[BatchDetails]:
    """The batches with their status and counts."""
    now, counts = batches.counts_now(connection, [facts.id for facts in found])
    return [
        BatchDetails(facts, batch_status(facts, now), counts.get(facts.id, ())) for facts in found
    ]
