import pytest
from sqlalchemy import Engine

from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.domain.contract.batches import BatchDetails

ANA = "ana@example.com"


@pytest.fixture
def campaign_id(engine: Engine) -> int:
    """An SMS campaign."""
    fields = {
        "campaign_name": "Late payments",
        "mode": "sms",
        "source": "+15125550100",
        "body": "Hello {{ name }}",
    }
    return create_campaign(engine, fields, by=ANA).id


@pytest.fixture
def batch(engine: Engine, campaign_id: int) -> BatchDetails:
    """An empty batch of it, called B."""
    return create_batch(engine, {"batch_id": "B", "campaign_id": campaign_id}, by=ANA)
