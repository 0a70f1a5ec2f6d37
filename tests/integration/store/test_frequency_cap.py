"""At most so many contacts with an address within so many days, whoever else made them."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.factories import (
    SECOND,
    counted_equals_recount,
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    queue_row,
    read_request,
)
from worker.domain.statuses import AttemptState
from worker.store import attempts
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

DAY = timedelta(days=1)


def begun(engine: Engine, chunk: Chunk) -> int:
    """How many attempts a begin of the chunk writes."""
    tickets, _ = in_transaction(
        engine,
        attempts.begin,
        chunk,
        chunk.requests,
        send_window=5 * SECOND,
        answer_time=60 * SECOND,
    )
    return len(tickets)


def contacted(engine: Engine, *, ago: timedelta, state: AttemptState = AttemptState.DONE) -> int:
    """A recipient whom another campaign has tried to contact; their id."""
    recipient = make_recipient(engine)
    make_attempt(
        engine, request=make_request(engine, recipient=recipient), state=state, began_ago=ago
    )
    return recipient


CASES = {
    "within the days": (2 * DAY, AttemptState.DONE, 0),
    "longer ago": (8 * DAY, AttemptState.DONE, 1),
    "nobody was reached": (2 * DAY, AttemptState.NOT_SENT, 1),
}


@pytest.mark.parametrize(("ago", "state", "expected"), CASES.values(), ids=CASES)
def test_contacts_by_any_campaign_within_the_days_count(
    engine: Engine, ago: timedelta, state: AttemptState, expected: int
) -> None:
    recipient = contacted(engine, ago=ago, state=state)
    careful = make_batch(engine, campaign=make_campaign(engine, frequency_cap=1, frequency_days=7))
    request = make_request(engine, batch=careful, recipient=recipient)

    assert begun(engine, lease(engine, request)) == expected
    assert counted_equals_recount(engine)


def test_who_was_contacted_often_enough_is_skipped_with_the_reason(engine: Engine) -> None:
    recipient = contacted(engine, ago=DAY)
    careful = make_batch(engine, campaign=make_campaign(engine, frequency_cap=1))
    request = make_request(engine, batch=careful, recipient=recipient)

    begun(engine, lease(engine, request))

    row = read_request(engine, request)
    assert (row["request_status"], row["error_code"]) == ("SKIPPED", "frequency_cap")
    assert queue_row(engine, request) is None


def test_up_to_the_cap_contacts_go_on(engine: Engine) -> None:
    recipient = contacted(engine, ago=DAY)
    twice = make_batch(engine, campaign=make_campaign(engine, frequency_cap=2))
    first = make_request(engine, batch=twice, recipient=recipient)

    assert begun(engine, lease(engine, first)) == 1


def test_a_campaign_without_a_cap_asks_nobody(engine: Engine) -> None:
    recipient = contacted(engine, ago=DAY)

    assert begun(engine, lease(engine, make_request(engine, recipient=recipient))) == 1
