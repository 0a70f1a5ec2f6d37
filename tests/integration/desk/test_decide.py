"""An operator decides what nobody else can know."""

import pytest
from sqlalchemy import Engine

from tests.factories import (
    counted_equals_recount,
    make_attempt,
    make_request,
    queue_row,
    read_attempt,
    read_request,
    transitions,
)
from worker.desk.audit import list_audit
from worker.desk.decide import Undecidable, allow_retry, count_as_sent
from worker.domain.audit import Deed
from worker.domain.statuses import AttemptState

BY = "ana@example.com"


@pytest.mark.parametrize("state", [AttemptState.IN_DOUBT, AttemptState.UNRESOLVED])
def test_a_doubt_can_be_counted_as_sent(engine: Engine, state: AttemptState) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=state)

    count_as_sent(engine, attempt, by=BY)

    row = read_request(engine, request)
    assert (row["request_status"], row["channel_manager_status"]) == (
        "COMPLETED",
        "DELIVERY_UNKNOWN",
    )
    assert read_attempt(engine, attempt)["state"] == "DONE"
    assert transitions(engine, request)[-1][2] == "operator"
    assert counted_equals_recount(engine)


@pytest.mark.parametrize("state", [AttemptState.IN_DOUBT, AttemptState.UNRESOLVED])
def test_a_retry_can_be_allowed_and_does_not_use_one_of_the_campaign(
    engine: Engine, state: AttemptState
) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=state)

    allow_retry(engine, attempt, by=BY)

    row = read_request(engine, request)
    assert (row["request_status"], row["extra_attempts"]) == ("PENDING", 1)
    assert queue_row(engine, request) is not None
    assert read_attempt(engine, attempt)["state"] == "UNRESOLVED"
    assert counted_equals_recount(engine)


def test_who_decided_what_is_written_down(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.UNRESOLVED)

    allow_retry(engine, attempt, by=BY)
    count_as_sent(engine, attempt, by="ben@example.com")

    told = [(one.deed, one.subject, one.by) for one in list_audit(engine)[:2]]
    assert told == [
        (Deed.COUNT_AS_SENT, f"attempt {attempt}", "ben@example.com"),
        (Deed.ALLOW_RETRY, f"attempt {attempt}", BY),
    ]


def test_a_retry_that_is_allowed_twice_is_one_retry(engine: Engine) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=AttemptState.UNRESOLVED)
    allow_retry(engine, attempt, by=BY)

    with pytest.raises(Undecidable, match="its request is PENDING already"):
        allow_retry(engine, attempt, by=BY)

    assert read_request(engine, request)["extra_attempts"] == 1
    count_as_sent(engine, attempt, by=BY)  # whoever thinks better of it in time may say so
    assert read_request(engine, request)["request_status"] == "COMPLETED"


@pytest.mark.parametrize(
    "state",
    [AttemptState.SENDING, AttemptState.ACCEPTED, AttemptState.DONE, AttemptState.NOT_SENT],
)
def test_nothing_else_can_be_decided(engine: Engine, state: AttemptState) -> None:
    attempt = make_attempt(engine, state=state)

    with pytest.raises(Undecidable, match=f"it is {state}"):
        allow_retry(engine, attempt, by=BY)


def test_an_attempt_whose_request_moved_on_can_not_be_decided(engine: Engine) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.UNRESOLVED)
    make_attempt(engine, request=request, state=AttemptState.ACCEPTED)

    with pytest.raises(Undecidable, match="moved on"):
        count_as_sent(engine, older, by=BY)


def test_an_unknown_attempt_is_said_to_be_unknown(engine: Engine) -> None:
    with pytest.raises(Undecidable, match="there is none"):
        count_as_sent(engine, 4711, by=BY)
