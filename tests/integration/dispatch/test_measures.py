"""What a process measures on the way is brought to one place, where the processes are added up."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fakeredis import FakeRedis
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from tests.factories import (
    MINUTE,
    database_time,
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_limits,
    make_request,
    make_timeouts,
    token_of,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from tests.limits import gate
from tests.sessions import eventually
from worker.desk.exposition import registry
from worker.desk.metrics import read_snapshot
from worker.desk.tallies import add_tallies
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.deliver import deliver
from worker.dispatch.presence import Presence
from worker.dispatch.scan import ScanLimits, scan
from worker.domain.evidence.answers import Accepted, Refusal, Refused, Throttled
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import AttemptState, Channel, ChannelStatus
from worker.heartbeat import HEART
from worker.measures import (
    ANSWER_TIME,
    CALLBACK_LAG,
    CLAIM_TO_ACCEPTED,
    MEASURED,
    MEASURES,
    PERMIT_WAIT,
    SUM,
    THROTTLED,
    Measure,
    Measuring,
)

SCAN = ScanLimits(lease=MINUTE, chunk_size=3, backlog_chunks=4)


@pytest.fixture
def measured() -> Iterator[None]:
    MEASURED.on = True
    yield
    MEASURED.on = False
    MEASURED.take()


def counted(taken: Counter[str], measure: Measure, *labels: str) -> int:
    """How often it was measured: what its buckets hold together."""
    begins = measure.tally(labels, "")
    return sum(n for name, n in taken.items() if name.startswith(begins) and name != f"{begins}sum")


def scraped(engine: Engine) -> CollectorRegistry:
    return registry(read_snapshot(engine))


def value(engine: Engine, name: str, **labels: str) -> float:
    found = scraped(engine).get_sample_value(f"outreach_{name}", labels)
    assert found is not None, name
    return found


@pytest.mark.usefixtures("measured")
def test_a_delivery_measures_each_request_to_the_provider(engine: Engine, connect: Connect) -> None:
    claimed_at = database_time(engine).timestamp() - 4

    for answer in (Accepted("CA1"), Refused(Refusal.CONTENT, "21617"), Throttled(None, "20429")):
        chunk = replace(lease(engine, make_request(engine)), claimed_at=claimed_at)
        provider_loop = connect(FakeProvider(Channel.VOICE, answers=[answer]))
        deliver(engine, provider_loop, make_limits(), chunk, gate(FakeRedis(), rate=100.0))

    taken = MEASURED.take()
    for kind in ("accepted", "refused", "throttled"):
        assert counted(taken, ANSWER_TIME, "voice", kind) == 1
    assert counted(taken, CLAIM_TO_ACCEPTED, "voice") == 1
    seconds = taken[CLAIM_TO_ACCEPTED.tally(("voice",), SUM)] / 1_000_000
    assert 4 < seconds < 30, "by the database's clock"
    assert counted(taken, PERMIT_WAIT, "voice") == 3
    assert taken[THROTTLED.tally(("voice",), "n")] == 1
    assert not MEASURED.take()


def test_a_scan_says_when_it_claimed(engine: Engine) -> None:
    make_request(engine)

    [chunk] = scan(engine, SCAN, {Channel.VOICE: 0})

    assert chunk.claimed_at is not None
    assert abs(database_time(engine).timestamp() - chunk.claimed_at) < 30


@pytest.mark.usefixtures("measured")
def test_a_report_measures_how_far_it_is_behind_the_providers_moment(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED)
    now = database_time(engine)

    apply_reports(
        engine, make_timeouts(), [busy(engine, attempt, now - MINUTE), busy(engine, attempt)]
    )

    taken = MEASURED.take()
    assert counted(taken, CALLBACK_LAG, "voice") == 1, "one names no moment"
    assert taken[CALLBACK_LAG.tally(("voice",), "300.0")] == 1


def busy(engine: Engine, attempt: int, at: datetime | None = None) -> Report:
    return Report(
        channel=Channel.VOICE,
        key=f"busy-{at}",
        token=token_of(engine, attempt),
        sid=None,
        name="busy",
        rank=9,
        sequence=0,
        meaning=Meaning.MISSED,
        channel_status=ChannelStatus.BUSY,
        at=at,
    )


def test_a_request_that_is_tried_again_is_counted_by_how_its_attempt_ended(engine: Engine) -> None:
    batch = make_batch(engine, campaign=make_campaign(engine, retry_count=1))
    attempt = make_attempt(
        engine, request=make_request(engine, batch=batch), state=AttemptState.ACCEPTED
    )

    apply_reports(engine, make_timeouts(), [busy(engine, attempt)])

    assert value(engine, "retries_total", channel="voice", outcome="BUSY") == 1
    assert value(engine, "retries_total", channel="voice", outcome="NO-ANSWER") == 0


def test_every_series_is_there_from_the_start(engine: Engine) -> None:
    for measure in MEASURES:
        for labels in measure.series:
            named = dict(zip(measure.labels, labels, strict=True))
            part = "count" if measure.bounds else "total"
            assert value(engine, f"{measure.name}_{part}", **named) == 0


def test_what_several_processes_measured_is_added_up_once(engine: Engine) -> None:
    """Also what is brought in pieces, and by a process that has ended since."""
    for seconds in ((0.05, 0.2), (0.2, 99.0)):
        process = Measuring()
        process.on = True
        for one in seconds:
            process.note(ANSWER_TIME, ("sms", "accepted"), one)
        add_tallies(engine, process.take())
        assert not process.take()

    def bucket(bound: str) -> float:
        return value(
            engine, "provider_answer_seconds_bucket", channel="sms", answer="accepted", le=bound
        )

    assert (bucket("0.05"), bucket("0.25"), bucket("30.0"), bucket("+Inf")) == (1, 3, 3, 4)
    named = {"channel": "sms", "answer": "accepted"}
    assert value(engine, "provider_answer_seconds_sum", **named) == pytest.approx(99.45)


def test_a_presence_brings_what_its_process_measured_even_at_its_end(engine: Engine) -> None:
    HEART.kinds = ("sms",)
    presence = Presence(engine)

    def brought() -> float:
        return value(engine, "throttled_total", channel="sms")

    try:
        presence.begin()
        MEASURED.note(THROTTLED, ("sms",), 2)
        eventually(lambda: brought() == 2, 20)
        MEASURED.note(THROTTLED, ("sms",), 3)
    finally:
        presence.end()
        HEART.kinds, MEASURED.on = (), False
    assert brought() == 5


def test_what_can_not_be_brought_is_brought_later(engine: Engine) -> None:
    HEART.kinds = ("sms",)
    presence = Presence(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE tally RENAME TO elsewhere"))
    try:
        presence.begin()
        MEASURED.note(THROTTLED, ("sms",), 2)
        eventually(lambda: not MEASURED.waiting, 20)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO tally"))
    finally:
        presence.end()
        HEART.kinds, MEASURED.on = (), False
    assert value(engine, "throttled_total", channel="sms") == 2


def test_nobody_who_does_not_bring_measures(engine: Engine) -> None:
    HEART.kinds = ("sms",)
    presence = Presence(engine, measures=False)
    try:
        presence.begin()
        MEASURED.note(THROTTLED, ("sms",), 2)
        assert not MEASURED.waiting
    finally:
        presence.end()
        HEART.kinds = ()


def test_states_are_shown_by_kind_and_channel(engine: Engine) -> None:
    today = database_time(engine)
    closed = [(today + timedelta(days=n)).date().isoformat() for n in (-1, 0, 1)]
    make_batch(engine, campaign=make_campaign(engine, holidays=closed))
    make_batch(engine)
    with engine.begin() as connection:
        bury = "INSERT INTO dead_letter (kind, reason, payload) VALUES ('answer', 'why', 'what')"
        connection.execute(text(bury))

    assert value(engine, "closed_windows", channel="voice") == 1
    assert value(engine, "closed_windows", channel="sms") == 0
    assert value(engine, "dead_letters", kind="answer") == 1
    assert value(engine, "dead_letters", kind="message") == 0
