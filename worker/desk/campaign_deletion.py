"""The end of a campaign."""

from worker.desk.campaigns import get_campaign
from worker.domain.audit import Deed
from worker.domain.errors import Mistake, UnknownCampaign
from worker.store import audit, campaigns
from worker.store.campaigns import Deletion
from worker.store.connect import Connection, Engine, in_transaction


class CampaignInUse(Mistake):
    """A batch of it is open."""

    def __init__(self, campaign_name: str) -> None:
        super().__init__(
            f"campaign {campaign_name!r} is in use: delete its batches first, or let them expire"
        )


def delete_campaign(engine: Engine, number: int, *, by: str) -> None:
    """Delete a campaign; one that was deleted before stays as it is.

    Raises:
        UnknownCampaign: there has never been one.
        CampaignInUse: it has a batch that is neither deleted, expired nor archived.
    """

    def step(connection: Connection) -> None:
        match campaigns.mark_deleted(connection, number, by):
            case Deletion.DONE:
                audit.note(connection, Deed.DELETE, f"campaign {number}", by)
            case Deletion.IN_USE:
                raise CampaignInUse(get_campaign(connection, number).fields.campaign_name)
            case Deletion.UNKNOWN:
                raise UnknownCampaign(str(number))
            case Deletion.BEFORE:
                pass

    in_transaction(engine, step)
