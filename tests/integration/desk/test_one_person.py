"""One mailbox in several spellings is one person: for a file, for an opt-out, and for the next batch."""

from io import BytesIO

import pytest
from sqlalchemy import Engine

from tests.factories import ANA
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.results import results
from worker.desk.suppressions import suppress_recipient
from worker.desk.uploads import Uploaded, upload_requests
from worker.domain.statuses import Channel, SuppressReason

SPELLINGS = ("Ana.Lopez@example.com", "ana.lopez@example.com", "ANA.LOPEZ@EXAMPLE.COM")


@pytest.fixture
def campaign(engine: Engine) -> int:
    fields = {
        "campaign_name": "Mails",
        "mode": "email",
        "source": "clinic@example.com",
        "subject": "Hello",
        "text": "Hello",
    }
    return create_campaign(engine, fields, by=ANA).id


def upload(engine: Engine, campaign: int, batch_id: str, *mailboxes: str) -> Uploaded:
    create_batch(engine, {"batch_id": batch_id, "campaign_id": campaign}, by=ANA)
    rows = "".join(f"{n},{one}\n" for n, one in enumerate(mailboxes))
    file = BytesIO(f"reference_id,target\n{rows}".encode())
    return upload_requests(engine, batch_id, file=file, filename="mails.csv", by=ANA)


def test_three_spellings_in_a_file_are_one_mail(engine: Engine, campaign: int) -> None:
    uploaded = upload(engine, campaign, "B", *SPELLINGS)

    assert (uploaded.pending, uploaded.duplicate) == (1, 2)
    assert [one.target for one in results(engine, "B")] == list(SPELLINGS)


def test_an_opt_out_holds_for_every_spelling(engine: Engine, campaign: int) -> None:
    reason = SuppressReason.UNSUBSCRIBED
    suppress_recipient(engine, Channel.EMAIL, "Dora@example.com", reason=reason, by=ANA)

    uploaded = upload(engine, campaign, "B", "dora@example.com", "DORA@example.com")

    assert (uploaded.skipped, uploaded.pending) == (1, 0)
