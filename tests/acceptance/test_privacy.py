"""Whoever looks at logs, Flower or the broker learns nothing about anybody."""

import base64
import io
import json

from redis import Redis

from tests.factories import ANY_TIME
from tests.fixtures.house import Inhabited, frozen, get, wait_until
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.uploads import upload_requests

BY = "ana@example.com"

# Seen nowhere else, so that any trace of them is a leak.
NUMBER = "+15125558437"
MAILBOX = "canary.q7xk@example.com"
NAME = "Canarywilhelmina"
SECRET = "Canarysecretword"
CANARIES = (NUMBER, NUMBER[1:], "canary.q7xk", NAME, SECRET)

CAMPAIGNS: dict[str, dict[str, object]] = {
    "sms": {"source": "+15125550100", "body": "{{ name }} {{ secret }}"},
    "email": {"source": "a@example.com", "subject": "{{ name }}", "text": "{{ secret }}"},
}


def upload(inhabited: Inhabited, batch_id: str, mode: str, target: str) -> None:
    """One request with canaries in it."""
    variables = {"secret": SECRET}
    fields = {"campaign_name": batch_id, "mode": mode, "campaign_variables": variables}
    campaign = create_campaign(inhabited.engine, fields | ANY_TIME | CAMPAIGNS[mode], by=BY)
    create_batch(inhabited.engine, {"batch_id": batch_id, "campaign_id": campaign.id}, by=BY)
    upload_requests(
        inhabited.runtime.patient_engine,
        batch_id,
        file=io.BytesIO(f"reference_id,target,name\nR1,{target},{NAME}\n".encode()),
        filename="canary.csv",
        by=BY,
    )


def broker_contents(url: str) -> str:
    """Every key and value of the broker, with what is encoded in base64 decoded."""
    found: list[bytes] = []
    with Redis.from_url(url) as client:
        for key in client.scan_iter():
            found += [key, client.dump(key) or b""]
            if client.type(key) == b"list":
                found += client.lrange(key, 0, -1)
    text = b"\n".join(found)
    bodies = [json.loads(one).get("body", "") for one in found if one.startswith(b"{")]
    return "\n".join(
        [text.decode("latin-1"), *(base64.b64decode(body).decode() for body in bodies)]
    )


def test_no_address_or_variable_is_in_a_log_an_event_flower_or_the_broker(
    inhabited: Inhabited,
) -> None:
    url = inhabited.environment["BROKER_URL"]
    with frozen(inhabited, "sms", "email"):
        upload(inhabited, "canary-sms", "sms", NUMBER)
        upload(inhabited, "canary-email", "email", MAILBOX)
        wait_until(lambda: "outreach.deliver.sms" in broker_contents(url))
        waiting = broker_contents(url)
    inhabited.wait_until_final("canary-sms")
    inhabited.wait_until_final("canary-email")

    said = json.dumps(inhabited.sandbox("contents"))
    assert all(canary in said for canary in (NUMBER, MAILBOX, NAME, SECRET)), "it was delivered"
    shown = flower(inhabited)
    assert "outreach.deliver.sms" in shown
    for canary in CANARIES:
        assert canary not in waiting
        assert canary not in shown
        assert canary not in inhabited.logs()
        assert canary not in broker_contents(url)
    for secret in ("TWILIO_AUTH_TOKEN", "SENDGRID_API_KEY"):
        assert inhabited.environment[secret] not in inhabited.logs() + shown


def flower(inhabited: Inhabited) -> str:
    """Everything Flower's API tells about tasks and workers."""
    login = base64.b64encode(inhabited.environment["FLOWER_BASIC_AUTH"].encode()).decode()
    headers = {"Authorization": f"Basic {login}"}
    pages = ("/api/tasks", "/api/workers?refresh=true")
    return json.dumps([get(f"{inhabited.house.flower_url}{page}", headers) for page in pages])
