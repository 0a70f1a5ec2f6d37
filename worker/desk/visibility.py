"""Visibility: a key of one campaign sees that campaign alone; nothing of another exists for it."""

from collections.abc import Mapping

from worker.desk.batches import create_batch, get_batch
from worker.desk.campaigns import get_campaign
from worker.domain.callers import Caller
from worker.domain.contract.batches import BatchDetails, BatchFacts, batch_fields
from worker.domain.contract.campaigns import Campaign
from worker.domain.errors import BatchConflict, Mistake, UnknownBatch, UnknownCampaign
from worker.store import request_details
from worker.store.connect import Connection, Engine, in_transaction


class UnknownHere(Mistake):
    """There is none, or none that the caller may see."""

    def __init__(self) -> None:
        super().__init__("there is nothing here that this key may see")


class OfOneCampaign(Mistake):
    """The key is one campaign's, and what is asked for concerns them all."""

    def __init__(self) -> None:
        super().__init__("this key is of one campaign: it can't make, rename or delete any")


class BatchIdTaken(Mistake):
    """Somebody else has a batch of this name; what kind of batch is nobody's business."""

    def __init__(self) -> None:
        super().__init__("this batch_id is taken")


def is_seen(only: int | None, campaign_id: int) -> bool:
    """Return whether whoever sees this campaign alone may know of that one; None sees all."""
    return only in {None, campaign_id}


def seen_batch(
    connection: Connection, batch_id: str, only: int | None, *, lock: bool = False
) -> BatchFacts:
    """The facts of a batch. A batch never changes its campaign.

    Raises:
        UnknownBatch: there is none that the caller may see.
    """
    facts = get_batch(connection, batch_id, lock=lock)
    if not is_seen(only, facts.campaign_id):
        raise UnknownBatch(batch_id)
    return facts


def seen_campaign(
    connection: Connection, reference: int | str, only: int | None, *, lock: bool = False
) -> Campaign:
    """The campaign of this name or id.

    Raises:
        UnknownCampaign: there is none that the caller may see.
    """
    found = get_campaign(connection, reference, lock=lock)
    if not is_seen(only, found.id):
        raise UnknownCampaign(str(reference))
    return found


def refuse_unseen_batch(engine: Engine, batch_id: str, only: int | None) -> None:
    """Let a batch of this campaign pass; None lets all pass.

    Raises:
        UnknownBatch: it is another campaign's, or there is none.
    """
    if only is not None:
        in_transaction(engine, seen_batch, batch_id, only)


def refuse_unseen_campaign(engine: Engine, reference: str, only: int | None) -> None:
    """Let this campaign pass, by name or id; None lets all pass.

    Raises:
        UnknownCampaign: it is another one, or there is none.
    """
    if only is not None:
        in_transaction(engine, seen_campaign, reference, only)


def refuse_unseen_attempt(engine: Engine, attempt: int, only: int | None) -> None:
    """Let an attempt of this campaign pass; None lets all pass.

    Raises:
        UnknownHere: it is another campaign's, or there is none.
    """
    if only is None:
        return
    if in_transaction(engine, request_details.campaign_of_attempt, attempt) != only:
        raise UnknownHere


def refuse_of_one(caller: Caller) -> None:
    """Let only a key of all campaigns pass.

    Raises:
        OfOneCampaign: it is of one.
    """
    if caller.campaign is not None:
        raise OfOneCampaign


def create_batch_of(
    engine: Engine, values: Mapping[str, object], *, by: str, campaign: int | None
) -> BatchDetails:
    """Store an empty batch for somebody who sees this campaign alone; None: all.

    Raises:
        WrongFields, BatchConflict: as every creation.
        UnknownCampaign: the batch would be another campaign's.
        BatchIdTaken: the id is another campaign's batch's, of which nothing is said.
    """
    fields = batch_fields(values)
    if not is_seen(campaign, fields.campaign_id):
        raise UnknownCampaign(str(fields.campaign_id))
    try:
        return create_batch(engine, values, by=by)
    except BatchConflict:
        try:
            refuse_unseen_batch(engine, fields.batch_id, campaign)
        except UnknownBatch:
            raise BatchIdTaken from None
        raise
