"""Visibility: a caller of one campaign sees that campaign alone; nothing else exists for it."""

from collections.abc import Mapping

from worker.desk.batches import create_batch, get_batch
from worker.desk.campaigns import get_campaign
from worker.desk.outbound.scope import BatchIdTaken
from worker.domain.contract.batches import BatchDetails, batch_fields
from worker.domain.errors import Mistake, UnknownBatch, UnknownCampaign
from worker.store import request_details
from worker.store.batches import find
from worker.store.connect import Engine, in_transaction


class UnknownHere(Mistake):
    """There is none, or none that the caller may see."""

    def __init__(self) -> None:
        super().__init__("there is nothing here that this key may see")


def refuse_unseen_batch(engine: Engine, batch_id: str, campaign: int | None) -> None:
    """Let a batch of this campaign pass; None lets all pass. A batch never changes its campaign.

    Raises:
        UnknownBatch: it is another campaign's, or there is none.
    """
    if campaign is None:
        return
    if in_transaction(engine, get_batch, batch_id).campaign_id != campaign:
        raise UnknownBatch(batch_id)


def refuse_unseen_campaign(engine: Engine, reference: str, campaign: int | None) -> None:
    """Let this campaign pass, by name or id; None lets all pass.

    Raises:
        UnknownCampaign: it is another one, or there is none.
    """
    if campaign is None:
        return
    if in_transaction(engine, get_campaign, reference).id != campaign:
        raise UnknownCampaign(reference)


def refuse_unseen_attempt(engine: Engine, attempt: int, campaign: int | None) -> None:
    """Let an attempt of this campaign pass; None lets all pass.

    Raises:
        UnknownHere: it is another campaign's, or there is none.
    """
    if campaign is None:
        return
    if in_transaction(engine, request_details.campaign_of_attempt, attempt) != campaign:
        raise UnknownHere


def create_batch_of(
    engine: Engine, values: Mapping[str, object], *, by: str, campaign: int | None
) -> BatchDetails:
    """Store an empty batch for somebody who sees this campaign alone; None: all.

    Raises:
        UnknownCampaign: the batch would be another campaign's.
        BatchIdTaken: the id is another campaign's batch's, of which nothing is said.
    """
    if campaign is None:
        return create_batch(engine, values, by=by)
    fields = batch_fields(values)
    if fields.campaign_id != campaign:
        raise UnknownCampaign(str(fields.campaign_id))
    facts = in_transaction(engine, find, fields.batch_id)
    if facts is not None and facts.campaign_id != campaign:
        raise BatchIdTaken
    return create_batch(engine, values, by=by)
