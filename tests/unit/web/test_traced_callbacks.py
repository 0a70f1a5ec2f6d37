"""A callback is traced, linked to the sending of the attempt it speaks of."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.factories import make_report
from worker.domain.evidence.reports import Meaning
from worker.domain.statuses import ChannelStatus
from worker.spans import Spans
from worker.tracing import TRACES
from worker.web.callbacks import Callbacks
from worker.web.group_commit import GroupCommit

TOKEN = UUID("6f1f2a3e-30a5-4f53-9d0e-0b3c2d1e4f50")
RINGING = make_report(
    key="CA1:ringing",
    token=TOKEN,
    name="ringing",
    rank=30,
    meaning=Meaning.UNDERWAY,
    channel_status=ChannelStatus.QUEUED,
)


@pytest.fixture
def made() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    TRACES.maker = Spans("web", SimpleSpanProcessor(exporter))
    yield exporter
    TRACES.end()


async def take_in() -> int:
    nobody = cast("Any", SimpleNamespace())
    callbacks = Callbacks(nobody, GroupCommit(lambda _: None), nobody, nobody)
    answer = await callbacks._take_in([RINGING], unread=[], route="voice")
    return answer.status_code


def test_it_is_linked_to_the_sending_of_its_attempt(made: InMemorySpanExporter) -> None:
    assert TRACES.maker is not None
    TRACES.maker.attempt(TOKEN, None, 0.1, {})

    assert asyncio.run(take_in()) == 204

    sent, heard = made.get_finished_spans()
    assert (sent.name, heard.name) == ("send", "callback")
    [link] = heard.links
    assert sent.context is not None
    assert (link.context.trace_id, link.context.span_id) == (
        sent.context.trace_id,
        sent.context.span_id,
    )
    assert str(TOKEN) not in heard.to_json()
