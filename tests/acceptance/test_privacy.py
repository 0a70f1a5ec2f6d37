"""Whoever looks at logs, Flower or the broker learns nothing about anybody."""

import base64
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from redis import Redis

from tests.factories import ANY_TIME
from tests.fixtures.house import Inhabited, frozen, get, wait_until
from worker.desk.batches import create_batch
from worker.desk.campaigns import create_campaign
from worker.desk.dead_letters import list_dead_letters
from worker.desk.uploads import upload_requests
from worker.local.stack import PROCFILE

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
    "voice": {"source": "+15125550100", "twiml": "<Response><Say>{{ secret }}</Say></Response>"},
}


def upload(inhabited: Inhabited, batch_id: str, channel: str, target: str) -> None:
    """One request with canaries in it."""
    variables = {"secret": SECRET}
    fields = {"campaign_name": batch_id, "mode": channel, "campaign_variables": variables}
    campaign = create_campaign(inhabited.engine, fields | ANY_TIME | CAMPAIGNS[channel], by=BY)
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


PROCESSES = {line.partition(":")[0] for line in PROCFILE.read_text(encoding="utf-8").splitlines()}


def person() -> dict[str, object]:
    """Somebody whom a message names."""
    return {"reference_id": "1", "target": NUMBER, "request_variables": {"name": NAME}}


def post(url: str, body: str) -> None:
    """Hand something in at a door that refuses it."""
    request = Request(url, body.encode(), {"Content-Type": "application/json"})  # noqa: S310  loopback
    try:
        urlopen(request, timeout=20).close()  # noqa: S310  loopback
    except HTTPError as refused:
        refused.close()


def page(url: str) -> str:
    """What a page says."""
    with urlopen(url, timeout=20) as answer:  # noqa: S310  loopback
        return str(answer.read().decode())


def test_no_process_tells_of_anybody_in_a_log_or_a_figure_whatever_it_is_handed(
    inhabited: Inhabited,
) -> None:
    """Well-formed and broken, by every door: what is refused is told of without its content."""
    house = inhabited.house
    before = len(list_dead_letters(inhabited.engine))
    upload(inhabited, "canary-voice", "voice", NUMBER)
    with Redis.from_url(inhabited.environment["BROKER_URL"]) as broker:
        for payload in ("{" + NAME, json.dumps({"batch_id": "none", "requests": [person()]})):
            said: dict[Any, Any] = {"name": "outreach.add_requests", "payload": payload}
            broker.xadd("outreach:triggers", said)
            broker.lpush("outreach:messages", payload)
    for path in ("sms/inbound", "email", "check"):
        post(f"{house.web_url}/callbacks/{path}", f"From={NUMBER}&Body={SECRET}&email={MAILBOX}")
    post(f"{house.api_url}/api/v1/outreach/search", json.dumps({"target": NUMBER, "name": NAME}))
    with suppress(HTTPError):
        page(f"{house.flower_url}/task/{NAME}?who={SECRET}")
    inhabited.wait_until_final("canary-voice")
    wait_until(lambda: len(list_dead_letters(inhabited.engine)) >= before + 4)

    lines = list(events(inhabited))
    figures = "".join(page(f"{url}/metrics") for url in (house.api_url, house.flower_url))
    assert {line["worker"].partition("@")[0] for line in lines} >= PROCESSES
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    told = [line for line in lines if line.get("batch_id") == "canary-voice"]
    assert {"chunk_delivered"} <= {line["event"] for line in told}
    for canary in CANARIES:
        assert canary not in inhabited.logs()
        assert canary not in figures


def events(inhabited: Inhabited) -> Iterator[dict[str, Any]]:
    """Every line that the processes have written: each is an event."""
    log = inhabited.house.state_dir / "logs" / "processes.log"
    return map(json.loads, log.read_text(encoding="utf-8").splitlines())
