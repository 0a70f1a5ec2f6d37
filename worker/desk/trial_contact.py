"""One contact to see what recipients will see: a batch of its own, marked by its batch_id."""

from collections.abc import Mapping
from uuid import uuid4

from worker.desk import batches
from worker.desk.additions import add_in
from worker.desk.campaigns import get_campaign
from worker.domain.contract.new_requests import NewRequest
from worker.store.connect import Connection, Engine, in_transaction

MARK = "test"


def send_test(
    engine: Engine, campaign: str, *, to: str, variables: Mapping[str, str], by: str
) -> str:
    """Create a batch with one request to `to`; the next scan dispatches it under the usual rules.

    Returns:
        its batch_id, `test-<campaign id>-<random>`; its only reference_id is `test`.

    Raises:
        UnknownCampaign: there is none.
    """
    request = NewRequest(reference_id=MARK, target=to, request_variables=dict(variables))

    def step(connection: Connection) -> str:
        campaign_id = get_campaign(connection, campaign).id
        batch_id = f"{MARK}-{campaign_id}-{uuid4().hex[:12]}"
        fields = {"batch_id": batch_id, "campaign_id": campaign_id}
        batches.create_in(connection, fields, by=by)
        add_in(connection, batch_id, [request], by=by)
        return batch_id

    return in_transaction(engine, step)
