"""What a daily cap has used is counted as attempts begin, not at every look."""

import pytest
from sqlalchemy import Engine, text

from tests.factories import (
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_limits,
    make_request,
    make_timeouts,
    read_request,
    token_of,
)
from tests.fakes.provider import FakeProvider, loop_to
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.deliver import deliver
from worker.domain.evidence.answers import Accepted, Answer, NotSent, Throttled, Unknown
from worker.domain.statuses import AttemptState, Channel
from worker.providers.voice import read_callback
from worker.store import due_batches, duties
from worker.store.batches import now
from worker.store.connect import in_transaction

CASES: dict[str, tuple[Answer, int]] = {
    "accepted": (Accepted("CA1"), 1),
    "in doubt": (Unknown("read_timeout"), 1),
    "not sent": (NotSent("refused"), 0),
    "throttled": (Throttled(None, "20429"), 0),
}


def used_today(engine: Engine, batch: int) -> int:
    found = in_transaction(engine, lambda c: due_batches.of(c, [batch], now(c)))
    return found[batch].pacing.used_today


def attempted(engine: Engine, answer: Answer) -> tuple[int, int]:
    batch = make_batch(engine, campaign=make_campaign(engine, max_daily_calls=10))
    request = make_request(engine, batch=batch)
    provider_loop = loop_to(FakeProvider(Channel.VOICE, answers=[answer]))
    deliver(engine, provider_loop, make_limits(), lease(engine, request))
    provider_loop.close()
    return batch, request


@pytest.mark.parametrize(("answer", "used"), CASES.values(), ids=CASES)
def test_what_reached_the_provider_is_used(engine: Engine, answer: Answer, used: int) -> None:
    batch, _ = attempted(engine, answer)

    assert used_today(engine, batch) == used


def test_late_evidence_is_counted_where_the_attempt_began(engine: Engine) -> None:
    batch, request = attempted(engine, NotSent("refused"))
    form = {"CallSid": "CA" + "1" * 32, "CallStatus": "completed", "SequenceNumber": "3"}
    report = read_callback(form, token_of(engine, read_request(engine, request)["attempt"]))
    assert report is not None

    apply_reports(engine, make_timeouts(), [report])
    apply_reports(engine, make_timeouts(), [report])

    assert used_today(engine, batch) == 1


def test_each_attempt_is_used_a_retry_too(engine: Engine) -> None:
    """As the manual says: no more go out on a day than the cap allows."""
    batch = make_batch(engine, campaign=make_campaign(engine, max_daily_calls=10))
    request = make_request(engine, batch=batch)
    for _ in range(2):
        make_attempt(engine, request=request, state=AttemptState.REFUSED, counted=True)

    assert used_today(engine, batch) == 2


def test_yesterday_is_not_today(engine: Engine) -> None:
    batch, _ = attempted(engine, Accepted("CA1"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE begun_count SET quarter = quarter - interval '1 day'"))

    assert used_today(engine, batch) == 0
    assert in_transaction(engine, duties.forget_counts) == 0


def test_what_no_day_counts_any_more_is_forgotten(engine: Engine) -> None:
    attempted(engine, Accepted("CA1"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE begun_count SET quarter = quarter - interval '4 days'"))

    assert in_transaction(engine, duties.forget_counts) == 1
