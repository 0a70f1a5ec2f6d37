"""What a campaign does not contact is stored SKIPPED with the reason, by whatever door it came."""

import io

from sqlalchemy import Engine

from tests.factories import counted_equals_recount, make_batch, make_campaign
from worker.desk.additions import add_in
from worker.desk.requests import show_request
from worker.desk.uploads import upload_requests
from worker.domain.contract.new_requests import NewRequest
from worker.domain.statuses import Channel
from worker.store.connect import in_transaction

FRENCH = "+33612345678"
BY = "ana@example.com"


def make_careful(engine: Engine) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS, allowed_regions=["US"])
    make_batch(engine, campaign=campaign, batch_id="B")


def assert_filtered(engine: Engine) -> None:
    request = show_request(engine, "B", "1").request
    assert request.request_status == "SKIPPED"
    assert request.channel_manager_status == "FILTERED_LINE_TYPE"
    assert request.error_code == "filtered"
    assert request.error_message == "the campaign does not contact numbers of FR"
    assert show_request(engine, "B", "2").request.request_status == "PENDING"
    assert counted_equals_recount(engine)


def test_by_file(engine: Engine) -> None:
    make_careful(engine)
    file = io.BytesIO(f"reference_id,target\n1,{FRENCH}\n2,+15125550188\n".encode())

    uploaded = upload_requests(engine, "B", file=file, filename="f.csv", by=BY)

    assert (uploaded.skipped, uploaded.pending) == (1, 1)
    assert_filtered(engine)


def test_by_message(engine: Engine) -> None:
    make_careful(engine)
    requests = [
        NewRequest(reference_id="1", target=FRENCH),
        NewRequest(reference_id="2", target="+15125550188"),
    ]

    in_transaction(engine, add_in, "B", requests, by=BY)

    assert_filtered(engine)
