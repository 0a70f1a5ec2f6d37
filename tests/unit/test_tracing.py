"""Spans reach a collector as it reads them, linked; without one nothing is made of them."""

import logging
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.collector import collector, spans
from worker.spans import Spans
from worker.tracing import ENDPOINT, Traces, origin, read_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{SPAN}-01"
TOKEN = UUID("6f1f2a3e-30a5-4f53-9d0e-0b3c2d1e4f50")
PERSON = "+15125550188"


@pytest.fixture
def traces() -> Iterator[Traces]:
    made = Traces()
    yield made
    made.end()


def test_spans_reach_a_collector_linked_to_where_their_batch_came_from(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as (url, posted):
        monkeypatch.setenv(ENDPOINT, url)
        traces.begin("voice")
        assert traces.maker is not None
        with traces.ingest(GIVEN, door="message"):
            kept = origin()
        with traces.span("begin", [kept], channel="voice", requests=3, nothing=None):
            pass
        traces.maker.attempt(TOKEN, kept, 0.5, {"answer": "Accepted"})
        with traces.heard("callback", [TOKEN], route="voice"):
            pass
        traces.end()

    found = spans(posted)
    assert kept == GIVEN
    assert (found["ingest"].trace_id.hex(), found["ingest"].parent_span_id.hex()) == (TRACE, SPAN)
    for name in ("begin", "send"):
        [link] = found[name].links
        assert (link.trace_id.hex(), link.span_id.hex()) == (TRACE, SPAN)
        assert not found[name].parent_span_id
    [link] = found["callback"].links
    assert (link.trace_id, link.span_id) == (found["send"].trace_id, found["send"].span_id)
    took = found["send"].end_time_unix_nano - found["send"].start_time_unix_nano
    assert took == pytest.approx(5e8, rel=0.01)
    assert {one.key for one in found["begin"].attributes} == {"channel", "requests"}
    assert b"outreach-voice" in posted[0]
    assert TOKEN.hex.encode() not in b"".join(one.hex().encode() for one in posted)


def test_of_an_error_a_span_tells_the_name_alone(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as (url, posted):
        monkeypatch.setenv(ENDPOINT, url)
        traces.begin("voice")
        with pytest.raises(ValueError, match=PERSON[1:]), traces.span("begin"):
            raise ValueError(f"can't reach {PERSON}")
        traces.end()

    assert spans(posted)["begin"].status.message == "ValueError"
    assert PERSON.encode() not in b"".join(posted)


def test_what_comes_in_without_a_trace_begins_one(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as (url, posted):
        monkeypatch.setenv(ENDPOINT, url)
        traces.begin("api")
        with traces.ingest("00-0-0-hello", door="http"):
            kept = origin()
        traces.end()

    ingest = spans(posted)["ingest"]
    assert kept is not None
    assert kept.rpartition("-")[0] == f"00-{ingest.trace_id.hex()}-{ingest.span_id.hex()}"
    assert origin() is None


def test_without_an_endpoint_nothing_is_made_and_a_trace_is_kept_all_the_same(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    traces.begin("voice")

    with traces.ingest(GIVEN), traces.span("begin", [GIVEN]) as own:
        assert (origin(), own) == (GIVEN, None)
    with traces.ingest(None):
        assert origin() is None
    assert traces.span("a") is traces.span("b"), "the same nothing"
    assert not traces.on


def refuse(_: str) -> Spans:
    raise ValueError("a variable of the SDK's is wrong")


def test_what_the_sdk_can_not_read_keeps_nobody_from_working(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setattr("worker.spans.make_spans", refuse)

    traces.begin("voice")

    assert not traces.on


def test_a_collector_that_is_away_keeps_no_process_from_ending(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setattr("worker.spans.PATIENCE", 0.1)
    traces.begin("voice")
    with traces.span("begin"):
        pass

    traces.end()

    assert not traces.on


@pytest.mark.parametrize(
    "written",
    [
        *(None, 7, "", "hello", GIVEN.upper(), GIVEN + "\n", f"01-{TRACE}-{SPAN}-01"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"{GIVEN}-{PERSON}"),
    ],
)
def test_nothing_but_a_traceparent_is_read(written: object) -> None:
    assert read_traceparent(GIVEN) == GIVEN
    assert read_traceparent(written) is None
