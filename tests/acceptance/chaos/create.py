"""The campaigns and batches of a run."""

from collections.abc import Sequence

from tests.acceptance.chaos.people import CONTENT, BatchPlan
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.store.connect import Engine

BY = "chaos@example.com"


def create_batches(engine: Engine, batches: Sequence[BatchPlan]) -> None:
    """A campaign and an empty batch for each plan."""
    for batch in batches:
        fields = {
            "campaign_name": batch.batch_id,
            "mode": batch.channel,
            "source": batch.source,
            "retry_count": 1,
            "retry_interval": "0m",
            "daily_start_time": "00:00:00",
            "recipient_hours": False,
            "daily_end_time": "23:59:59",
            **CONTENT[batch.channel],
            **batch.campaign,
        }
        campaign = create_campaign(engine, fields, by=BY)
        create_batch(engine, {"batch_id": batch.batch_id, "campaign_id": campaign.id}, by=BY)
