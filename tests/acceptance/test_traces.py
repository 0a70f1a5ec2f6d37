"""Where traces are collected, they follow a batch from the stream to its callbacks, and name nobody."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from tests.collector import collector, spans
from tests.doors import TRIGGER_STREAM, running, settings
from tests.factories import ANY_TIME
from tests.fixtures.house import wait_until
from tests.fixtures.sandbox import Sandbox
from worker.desk.batches import show_batch
from worker.desk.campaigns import create_campaign
from worker.local.ports import free_port

pytestmark = [
    pytest.mark.turn(2),
    pytest.mark.usefixtures("durable"),  # real processes refuse a forgetful database
]

BY = "ana@example.com"
NUMBER = "+15125557731"
NAME = "Canarywilhelmina"
WORD = "Canarysecretword"
PASSWORD = "canary-of-the-collector"
PATH = "canary-path"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
CAMPAIGN = {
    "campaign_name": "Traced",
    "mode": "sms",
    "source": "+15125550100",
    "body": "{{ name }} {{ word }}",
    "campaign_variables": {"word": WORD},
}
STEPS = {"ingest", "claim", "begin", "send", "answer", "callback"}
"""Every step of a text, from the message that asks for it until it is delivered."""


@pytest.fixture
def environment(
    database_url: str,
    broker_url: str,
    sandbox: Sandbox,
    sandbox_process: tuple[Sandbox, int],
    tmp_path: Path,
) -> dict[str, str]:
    """The sandbox for a provider, and a collector of traces whose address is a secret."""
    port = str(sandbox_process[1])
    return settings(database_url, broker_url, tmp_path) | {
        "HEARTBEAT_DIR": str(tmp_path / "alive"),
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "TWILIO_API_URL": sandbox.url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEB_PORT": port,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://outreach:{PASSWORD}@127.0.0.1:{free_port()}/{PATH}",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }


def test_a_batch_is_followed_and_nobody_in_it_is_named(
    engine: Engine,
    broker_url: str,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    campaign = create_campaign(engine, CAMPAIGN | ANY_TIME, by=BY)
    person = {"reference_id": "1", "target": NUMBER, "request_variables": {"name": NAME}}
    asked = {"batch_id": "traced", "campaign_id": campaign.id, "requests": [person]}
    entry: dict[Any, Any] = {"name": "outreach.create_batch", "payload": json.dumps(asked)}
    output = tmp_path / "output"
    port = urlsplit(environment["OTEL_EXPORTER_OTLP_ENDPOINT"]).port or 0
    with ExitStack() as house, Redis.from_url(broker_url) as broker:
        for process in (("-m", "tasks.process", "dispatch"), ("-m", "worker.web")):
            house.enter_context(running(process, environment, output))
        broker.xadd(TRIGGER_STREAM, entry | {"traceparent": TRACEPARENT})
        # The exporter meets nobody at first, and tells of it.
        wait_until(lambda: "Transient error" in output.read_text(encoding="utf-8"))
        _, posted = house.enter_context(collector(port))
        wait_until(lambda: is_delivered(engine))
        wait_until(lambda: set(spans(posted)) >= STEPS, 30)

    said, told = b"".join(posted), output.read_text(encoding="utf-8")
    with engine.connect() as connection:
        kept = connection.scalar(text("SELECT traceparent FROM communication_batch"))
    assert kept == TRACEPARENT
    assert spans(posted)["ingest"].trace_id.hex() == TRACE
    assert {link.trace_id.hex() for link in spans(posted)["send"].links} == {TRACE}
    for canary in (NUMBER, NUMBER[1:], NUMBER[2:], NAME, WORD):
        assert canary.encode() not in said
        assert canary not in told
    for canary in (PASSWORD, PATH, str(port)):
        assert canary not in told


def is_delivered(engine: Engine) -> bool:
    try:
        counts = show_batch(engine, "traced").counts
    except Exception:  # noqa: BLE001  the message has not been taken yet
        return False
    return any(one.n and one.request_status.value == "COMPLETED" for one in counts)
