"""Each step of a delivery is traced, linked to where its batch came from; nobody is named."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Engine, text

from tests.factories import (
    MINUTE,
    make_campaign,
    make_limits,
    make_request,
    read,
    read_request,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.desk.batches import create_batch
from worker.dispatch.deliver import deliver
from worker.dispatch.scan import ScanLimits, scan
from worker.dispatch.webhooks import WebhookLimits, WebhookSender
from worker.domain.contract.webhooks import Backoff
from worker.domain.evidence.answers import Accepted
from worker.domain.statuses import Channel
from worker.providers.webhook_client import WebhookReply
from worker.spans import Spans
from worker.store import schema
from worker.tracing import TRACES

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SCAN = ScanLimits(lease=MINUTE, chunk_size=3, backlog_chunks=4)
CANARY = "zq-canary"
HOOK = "https://good.example/hook"


@pytest.fixture
def made() -> Iterator[InMemorySpanExporter]:
    """The spans that are made meanwhile."""
    exporter = InMemorySpanExporter()
    TRACES.maker = Spans("voice", SimpleSpanProcessor(exporter))
    yield exporter
    TRACES.end()


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_batch_is_traced_from_its_creation_to_its_webhook(
    engine: Engine, connect: Connect, made: InMemorySpanExporter
) -> None:
    told = {"url": HOOK, "statuses": ["INITIATED"]}
    words = f"<Response><Say>{CANARY} {{{{ name }}}}</Say></Response>"
    campaign = make_campaign(engine, twiml=words, webhooks=[told])
    with TRACES.ingest(GIVEN, door="message"):
        create_batch(engine, {"batch_id": "traced", "campaign_id": campaign}, by="ana")
    with engine.connect() as connection:
        batch = connection.scalar(text("SELECT id FROM communication_batch"))
    assert batch is not None
    assert read(engine, schema.batch, batch)["traceparent"] == GIVEN
    request = make_request(engine, batch=batch, request_variables={"name": CANARY})

    [chunk] = scan(engine, SCAN, {Channel.VOICE: 0})
    deliver(
        engine,
        connect(FakeProvider(Channel.VOICE, answers=[Accepted("CA1")])),
        make_limits(),
        chunk,
    )
    asyncio.run(tell(engine))

    spans = by_name(made)
    assert "ingest" in spans
    for name in ("claim", "begin", "send", "answer", "webhook"):
        assert [f"{link.context.trace_id:032x}" for link in spans[name].links] == [GIVEN[3:35]]
    sent = spans["send"].attributes
    assert sent is not None
    assert (sent["answer"], sent["batch_id"], sent["channel"]) == ("Accepted", "traced", "voice")
    everything = "".join(span.to_json() for span in made.get_finished_spans())
    assert CANARY not in everything
    assert str(read_request(engine, request)["address"]) not in everything
    assert HOOK not in everything


class Taking:
    """A receiver that takes everything."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> WebhookReply:
        return WebhookReply(True, "204")


async def tell(engine: Engine) -> None:
    limits = WebhookLimits(timeout=timedelta(seconds=5), tick=0.1, backoff=Backoff(first=MINUTE))
    sender = WebhookSender(engine, Taking(), [b"k" * 32], limits)
    await sender.round()
    await sender.finish()
