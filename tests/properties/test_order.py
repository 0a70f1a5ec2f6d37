"""20,000 events of 2,000 calls in whatever order and number: the end is that of the ordered run."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from tests.benchmarks.callbacks.calls import store_calls
from tests.factories import counted_equals_recount, make_batch, make_campaign, make_patience
from worker.dispatch.settle import settle
from worker.domain.reports import Report
from worker.providers import voice

CALLS, EVENTS, LOAD = 2_000, 20_000, 500
PATIENCE = make_patience()
STORIES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("initiated", ""), ("ringing", ""), ("in-progress", ""), ("completed", "")),
    (("initiated", ""), ("ringing", ""), ("busy", "486")),
    (("initiated", ""), ("ringing", ""), ("no-answer", "487")),
    (("initiated", ""), ("failed", "404")),
    (("initiated", ""), ("failed", "503")),
    (("initiated", ""), ("ringing", "")),
)

_ENDS = text("""
    SELECT r.request_status, r.channel_manager_status, r.attempt_count, a.state, a.fold_rank,
           a.fold_name, a.error_code
    FROM communication_request AS r JOIN attempt AS a ON a.request = r.id
    WHERE r.batch = :batch ORDER BY r.address
""")


def story(number: int, token: UUID, sid: str) -> list[Report]:
    """Everything Twilio says of one call, in order."""
    reports = []
    for sequence, (name, sip) in enumerate(STORIES[number % len(STORIES)]):
        said = {"CallSid": sid, "CallStatus": name, "SequenceNumber": str(sequence)}
        report = voice.read_callback(said | ({"SipResponseCode": sip} if sip else {}), token)
        assert report
        reports.append(report)
    return reports


def deliver(engine: Engine, reports: list[Report]) -> None:
    for at in range(0, len(reports), LOAD):
        settle(engine, PATIENCE, reports[at : at + LOAD])


def ends(engine: Engine, batch: int) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(_ENDS, {"batch": batch})]


def stories_of_new_calls(engine: Engine, batch: int, first: int) -> list[Report]:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    calls = store_calls(url, batch, first, CALLS)[-CALLS:]
    return [
        report for number, (token, sid) in enumerate(calls) for report in story(number, token, sid)
    ]


@pytest.mark.parametrize("retry_count", [0, 1])
def test_shuffled_repeated_and_delayed_events_end_as_the_ordered_run(
    engine: Engine, retry_count: int
) -> None:
    campaign = make_campaign(engine, retry_count=retry_count, retry_interval=timedelta(minutes=1))
    ordered, shuffled = (make_batch(engine, campaign=campaign) for _ in range(2))
    in_order = stories_of_new_calls(engine, ordered, 1)
    told = stories_of_new_calls(engine, shuffled, CALLS + 1)
    deliver(engine, in_order)
    chance = Random(7)  # noqa: S311  the same disorder every time
    repeated = told + chance.choices(told, k=EVENTS - len(told))
    chance.shuffle(repeated)
    deliver(engine, repeated)

    expected, found = ends(engine, ordered), ends(engine, shuffled)
    assert len(repeated) == EVENTS
    assert len(found) == CALLS
    assert found == expected
    assert len(Counter(row[:2] for row in expected)) >= 4
    assert counted_equals_recount(engine)
