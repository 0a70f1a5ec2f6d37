"""The list of batches, filtered and a page at a time."""

from worker.desk.batches import details_of, get_batch
from worker.domain.contract.batch_queries import BatchPage, BatchQuery, Listed
from worker.domain.errors import UnknownCampaign
from worker.store import batch_lists, campaigns
from worker.store.connect import Connection, Engine, in_transaction

EVERYTHING = BatchQuery()


def list_batches(engine: Engine, query: BatchQuery = EVERYTHING) -> BatchPage:
    """The latest batches that the query asks for, newest first.

    Raises:
        UnknownCampaign, UnknownBatch: the query names one that there is not.
    """

    def step(connection: Connection) -> BatchPage:
        if query.before is not None:
            get_batch(connection, query.before)
        rows = batch_lists.list_batches(
            connection, query.and_one_more, _campaign_id(connection, query)
        )
        shown = rows[: query.limit]
        details = details_of(connection, [facts for facts, _ in shown])
        named = zip(details, (name for _, name in shown), strict=True)
        return BatchPage(tuple(Listed(*one) for one in named), len(rows) > query.limit)

    return in_transaction(engine, step)


def _campaign_id(connection: Connection, query: BatchQuery) -> int | None:
    if query.campaign is None:
        return None
    campaign = campaigns.find(connection, query.campaign)
    if campaign is None:
        raise UnknownCampaign(query.campaign)
    return campaign.id
