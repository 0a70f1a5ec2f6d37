"""The scope of a key of one campaign: nothing of another is there for it."""

from worker.desk.batches import get_batch
from worker.desk.campaigns import get_campaign
from worker.domain.callers import Caller
from worker.domain.contract.batches import BatchFacts
from worker.domain.contract.campaigns import Campaign
from worker.domain.errors import Mistake, UnknownBatch, UnknownCampaign
from worker.store.connect import Connection


class OfOneCampaign(Mistake):
    """The key is one campaign's, and what is asked for concerns them all."""

    def __init__(self) -> None:
        super().__init__("this key is of one campaign: it can't make, rename or delete any")


class BatchIdTaken(Mistake):
    """Somebody else has a batch of this name; what kind of batch is nobody's business."""

    def __init__(self) -> None:
        super().__init__("this batch_id is taken")


def is_seen(caller: Caller, campaign_id: int) -> bool:
    """Return whether the caller may know of this campaign."""
    return caller.campaign in {None, campaign_id}


def seen_batch(
    connection: Connection, batch_id: str, caller: Caller, *, lock: bool = False
) -> BatchFacts:
    """The facts of a batch.

    Raises:
        UnknownBatch: there is none that the caller may see.
    """
    facts = get_batch(connection, batch_id, lock=lock)
    if not is_seen(caller, facts.campaign_id):
        raise UnknownBatch(batch_id)
    return facts


def seen_campaign(
    connection: Connection, number: int, caller: Caller, *, lock: bool = False
) -> Campaign:
    """The campaign with this id.

    Raises:
        UnknownCampaign: there is none that the caller may see.
    """
    if not is_seen(caller, number):
        raise UnknownCampaign(str(number))
    return get_campaign(connection, number, lock=lock)


def refuse_of_one(caller: Caller) -> None:
    """Let only a key of all campaigns pass.

    Raises:
        OfOneCampaign: it is of one.
    """
    if caller.campaign is not None:
        raise OfOneCampaign
